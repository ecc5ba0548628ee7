"""Decided commits on their way to their journals: stamped lines, pending until the batch is durable."""

from __future__ import annotations

from everstore.clock import Clock
from everstore.engine.batch import Batch
from everstore.engine.journal import Journal
from everstore.engine.ledger import Ledger
from everstore.errors import Code, Refused
from everstore.journal.conflicts import NEW_JOURNAL
from everstore.journal.text import Lines, stamped
from everstore.storage.journals import JournalFiles
from everstore.storage.remembered import NOBODY, note


class Writing:
    """`space`: whether the disk has room for the batch under way. Counts what is written."""

    def __init__(self, files: JournalFiles, ledger: Ledger, clock: Clock, batch: Batch) -> None:
        self.space = True
        self.commits = 0
        self._files = files
        self._ledger = ledger
        self._clock = clock
        self._batch = batch

    def lines(self, journal: Journal, body: bytes, start: int, end: int, size_max: int) -> bytes | Lines:
        """What a commit of the events that stand in `body` from `start` to `end`, at least one, will write into a
        journal of at most `size_max` bytes.

        Raises:
            Refused: it cannot be written, or the journal would become too large (codes 14 and 15). Nothing has
                happened: the same may come again later.
        """
        if journal.damage:
            raise Refused(Code.CANNOT_WRITE, f"the journal is damaged: {journal.damage}")
        if not self.space:
            raise Refused(Code.CANNOT_WRITE, "the disk is full")
        journal.stamp = max(self._clock.stamp(), journal.stamp)
        lines = stamped(body, journal.stamp, start, end)
        check_size(journal.size + len(lines) + 1, min(size_max, self._files.size_max))
        if journal.size == 0:
            self._files.prepare(journal.name)
        return lines

    def under_way(self, name: bytes, end: int) -> Journal | None:
        """The journal, if it is the batch under way that writes what ends there."""
        journal = self._batch.changed.get(name)
        return journal if journal and end > journal.durable_size else None

    def append(
        self,
        journal: Journal,
        types: set[bytes],
        lines: bytes | Lines,
        client: bytes = NOBODY,
        sequence: int = 0,
        answered: int = 0,
    ) -> None:
        """Let the batch write `lines`, which declare `types`; for a client that may ask again, with its sequence."""
        if journal.size == 0:
            types.add(NEW_JOURNAL)
        if journal.kept and not journal.notes:
            journal.noted_from = journal.size  # Commits that came in this batch before it was kept have no notes.
        journal.size += len(lines) + 1
        journal.pending.append(lines)
        if journal.kept:
            journal.notes.append(note(journal.size, client, sequence, answered, types))
        self._batch.changed[journal.name] = journal
        self._ledger.declare(journal, types)
        self.commits += 1


def check_size(size: int, most: int) -> None:
    """Raises Refused (code 14) when a journal would have more bytes than may be."""
    if size > most:
        raise Refused(Code.JOURNAL_TOO_LARGE, f"a journal of {size} bytes is over the limit of {most}")
