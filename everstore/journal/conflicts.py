"""Which types a journal's commits declared, and since when: what decides conflicts.

A commit conflicts if and only if one of its types was declared by a commit that came after its transaction opened.
"When" is the journal's size right after the commit: sizes only grow, so they order the commits of one journal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from everstore import limits

NEW_JOURNAL = b"ES_NewJournal"
"""What the commit that creates a journal declares besides its own types."""

_SEPARATOR = re.compile(rb"[,\n]")


def types_of(field: bytes) -> set[bytes]:
    """The set in a commit's `types`: separated by commas, as documented, or newlines, as the published Java adapter
    sends them.
    """
    return set(_SEPARATOR.split(field)) - {b""}


class Declared:
    """The last declaration of each type of one journal, for as long as a transaction is open on it.

    `type_bytes`: what the types' names take.
    """

    __slots__ = ("_last", "type_bytes")

    def __init__(self) -> None:
        self.type_bytes = 0
        self._last: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._last)

    @property
    def occupied(self) -> int:
        """Bytes of memory, about."""
        return self.type_bytes + limits.TYPE_OWN_BYTES * len(self._last)

    def declare(self, types: Iterable[bytes], size: int) -> None:
        """Note a commit of `types` that made the journal `size` bytes long."""
        for each in types:
            if each not in self._last:
                self.type_bytes += len(each)
            self._last[each] = size

    def conflicting(self, types: Iterable[bytes], opened_at: int) -> bytes | None:
        """One of `types` that was declared after the journal was `opened_at` bytes long, or None."""
        last = self._last
        return next((each for each in types if last.get(each, 0) > opened_at), None)

    def forget_until(self, size: int) -> None:
        """Drop what no transaction opened at `size` or later can conflict with."""
        self._last = {each: at for each, at in self._last.items() if at > size}
        self.type_bytes = sum(map(len, self._last))

    def roll_back(self, size: int) -> None:
        """Take back the declarations of commits behind `size`, which were not written after all.

        Where such a commit had replaced an earlier declaration, that one counts as made at `size`: a transaction
        may then conflict without need, never the other way round.
        """
        self._last = {each: min(at, size) for each, at in self._last.items()}
