"""Native appends: each is decided by itself, under its own condition, without any transaction that stays open."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from everstore import limits, log
from everstore.engine.journal import Journal, Journals
from everstore.engine.ledger import Ledger
from everstore.engine.outcomes import Outcomes
from everstore.engine.writing import Writing
from everstore.errors import Code, Refused
from everstore.journal.conflicts import types_of
from everstore.journal.text import END, check_events
from everstore.storage.journals import JournalFiles
from everstore.storage.remembered import Outcomes as OfClient
from everstore.wire.native import Append, Appends, Condition, Outcome

_ANSWERED_BYTES = 64
"""Of an outcome without its text, generously."""


class Decided(NamedTuple):
    """What is answered to an append once the batch is durable. A conflict `since` a position is told with the journal's
    lines behind that.
    """

    code: int
    journal: Journal | None = None
    position: int = 0
    since: int | None = None


class Appender:
    """Decides appends. `is_mine` says whether a journal is this worker's."""

    def __init__(
        self,
        journals: Journals,
        ledger: Ledger,
        outcomes: Outcomes,
        writing: Writing,
        is_mine: Callable[[bytes], bool],
    ) -> None:
        self._journals = journals
        self._ledger = ledger
        self._outcomes = outcomes
        self._writing = writing
        self._is_mine = is_mine
        self.events = 0  # appended

    def decide(self, wanted: Appends) -> list[Decided]:
        """One outcome for each append.

        Raises:
            Refused: too many clients are remembered already.
        """
        known = self._outcomes.of(wanted.client, wanted.answered)
        decided: list[Decided] = []
        for append in wanted.appends:
            try:
                decided.append(self._decide(wanted, known, append))
            except Refused as refused:
                log.debug(refused.reason, journal=log.shown(append.name))
                decided.append(Decided(refused.code))
        return decided

    def _decide(self, wanted: Appends, known: OfClient, append: Append) -> Decided:
        if not self._is_mine(append.name):
            raise Refused(Code.NO_SUCH_WORKER, "the journal is another worker's")
        done = self._outcomes.find(known, append.sequence, wanted.run)
        if done is not None:
            # It may be of the batch under way, and not be written after all. A journal that cannot be read now is no
            # reason to say that it was not.
            return Decided(0, self._writing.under_way(append.name, done), done)
        journal = self._journals.get(append.name)
        self._ledger.keep(journal)
        sequence, _, _, _, declares, _, body, start, end = append
        check_events(body, start, end)
        if start == end:
            raise Refused(Code.EVENTS_INVALID, "an append has at least one event")
        since = self._conflict(journal, append)
        if since is not None:
            return Decided(Code.CONFLICT, journal, journal.size, since)
        lines = self._writing.lines(journal, body, start, end, limits.NATIVE_JOURNAL_BYTES_MAX)
        self._writing.append(journal, types_of(declares), lines, wanted.client, sequence, wanted.answered)
        self.events += body.count(b"\n", start, end) + 1
        self._outcomes.note(known, sequence, journal.name, journal.size)
        return Decided(0, journal, journal.size)

    def _conflict(self, journal: Journal, append: Append) -> int | None:
        """Behind which position stands what the append's condition does not allow; None when there is nothing."""
        if append.condition == Condition.NEW:
            return 0 if journal.size else None
        if append.condition == Condition.UNCHANGED:
            if append.position > journal.size:
                raise Refused(
                    Code.APPEND_INVALID, f"position {append.position} is past the journal's size {journal.size}"
                )
            conflicts = self._ledger.may_conflict(journal, types_of(append.depends), append.position)
            return append.position if conflicts else None
        if append.condition != Condition.NONE:
            raise Refused(Code.APPEND_INVALID, f"there is no condition {append.condition}")
        return None


def told(files: JournalFiles, decided: list[Decided], without_room: set[Journal]) -> list[Outcome]:
    """What the client hears of its appends, when the batch is durable but for these journals."""
    room = limits.REPLY_BODY_BYTES_MAX - _ANSWERED_BYTES * len(decided)
    outcomes: list[Outcome] = []
    for each in decided:
        if each.journal in without_room:
            outcomes.append(Outcome(Code.CANNOT_WRITE, 0))
        elif each.journal is None or each.since is None:
            outcomes.append(Outcome(each.code, each.position))
        else:
            until, text = _behind(files, each.journal, each.since, each.position, room)
            room -= len(text)
            outcomes.append(Outcome(each.code, each.position, until, text))
    return outcomes


def _behind(files: JournalFiles, journal: Journal, since: int, end: int, room: int) -> tuple[int, bytes]:
    """Whole lines behind a position, no more than there is room for, and where they end. None where they cannot be
    read: the client may try it, and hear why.
    """
    try:
        text = files.read(journal.name, since, min(end - since, max(0, room)))
    except Refused:
        return since, b""
    text = text.replace(END, b"\n")
    cut = text.rfind(b"\n") + 1
    return since + cut, text[: max(0, cut - 1)]
