"""One journal in use, and the table of those in use.

A journal that nobody uses costs nothing: after `limits.IDLE_JOURNAL_S` without a request and without an open
transaction it is dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

from everstore import limits
from everstore.clock import Clock
from everstore.journal.conflicts import Declared
from everstore.journal.text import Lines
from everstore.storage.journals import JournalFiles


class Journal:
    """`size` and `stamp` are those after the commits decided so far; `durable_size` lags behind while a batch is under
    way.

    `pending` holds the lines of the batch under way, `notes` what the log is to say of its commits behind the size
    `noted_from`; `open_count` the transactions open on it; `declared` exists while there are any, and always when its
    types are `kept`.
    """

    __slots__ = (
        "damage",
        "declared",
        "durable_size",
        "kept",
        "name",
        "noted_from",
        "notes",
        "open_count",
        "pending",
        "size",
        "stamp",
        "used",
    )

    def __init__(self, name: bytes, size: int, stamp: bytes, damage: str, used: float) -> None:
        self.name = name
        self.size = self.durable_size = size
        self.stamp = stamp
        self.damage = damage
        self.used = used
        self.open_count = 0
        self.declared: Declared | None = None
        self.pending: list[bytes | Lines] = []
        self.kept = False
        self.notes: list[bytes] = []
        self.noted_from = size

    def take_pending(self) -> list[bytes | Lines]:
        pending, self.pending = self.pending, []
        return pending


class Journals:
    """The journals in use, the longest unused first. `dropped` is told of each that is forgotten."""

    def __init__(self, files: JournalFiles, clock: Clock, dropped: Callable[[Journal], None]) -> None:
        self._files = files
        self._clock = clock
        self._dropped = dropped
        self._used: OrderedDict[bytes, Journal] = OrderedDict()

    def __len__(self) -> int:
        return len(self._used)

    def __iter__(self) -> Iterator[Journal]:
        """The longest unused first."""
        return iter(self._used.values())

    def get(self, name: bytes) -> Journal:
        """The journal of this name, which need not exist yet.

        Raises:
            Refused: the name is not valid, or the file cannot be read.
        """
        journal = self._used.get(name)
        if journal is None:
            loaded = self._files.load(name)
            self._drop_beyond(limits.CACHED_JOURNALS_MAX - 1)
            journal = Journal(name, loaded.size, loaded.stamp, loaded.damage, 0.0)
            self._used[name] = journal
        journal.used = self._clock.monotonic()
        self._used.move_to_end(name)
        return journal

    def drop_idle(self) -> None:
        """Forget what nobody has used for a while."""
        latest = self._clock.monotonic() - limits.IDLE_JOURNAL_S
        for journal in list(self._used.values()):
            if journal.used > latest:
                break
            self._drop(journal)
        self._files.keep_only(self._used)

    def _drop_beyond(self, most: int) -> None:
        """Forget the longest unused. A few at a time, since those with open transactions stay, and may be many."""
        for _ in range(min(len(self._used) - most, 4)):
            oldest = next(iter(self._used.values()))
            self._used.move_to_end(oldest.name)
            self._drop(oldest)

    def _drop(self, journal: Journal) -> None:
        if not journal.open_count and not journal.pending:
            del self._used[journal.name]
            self._dropped(journal)
            self._files.forget(journal.name)
