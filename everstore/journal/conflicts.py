"""Which types a journal's commits declared, and since when: what decides conflicts.

A commit conflicts if and only if one of its types was declared by a commit that came after its transaction opened;
an append, if one that it depends on was declared behind its position. "When" is the journal's size right after the
commit: sizes only grow, so they order the commits of one journal.
"""

from __future__ import annotations

from collections.abc import Iterable

from everstore import limits

NEW_JOURNAL = b"ES_NewJournal"
"""What the commit that creates a journal declares besides its own types."""


def types_of(field: bytes) -> set[bytes]:
    """The set in a commit's `types`: separated by commas, as documented, or newlines, as the published Java adapter
    sends them.
    """
    types = set(field.replace(b"\n", b",").split(b","))
    types.discard(b"")
    return types


class Declared:
    """The last declaration of each type of one journal.

    `known_from`: of no commit behind this size a type is missing. `type_bytes`: what the types' names take.
    """

    __slots__ = ("_last", "known_from", "type_bytes")

    def __init__(self, known_from: int = 0) -> None:
        self.known_from = known_from
        self.type_bytes = 0
        self._last: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._last)

    @property
    def occupied(self) -> int:
        """Bytes of memory, about."""
        return self.type_bytes + limits.TYPE_OWN_BYTES * len(self._last)

    def declare(self, types: Iterable[bytes], size: int) -> int:
        """Note a commit of `types` that made the journal `size` bytes long; returns how much more is `occupied` now."""
        grown = 0
        for each in types:
            if each not in self._last:
                self.type_bytes += len(each)
                grown += len(each) + limits.TYPE_OWN_BYTES
            self._last[each] = size
        return grown

    def conflicting(self, types: Iterable[bytes], opened_at: int) -> bytes | None:
        """One of `types` that was declared after the journal was `opened_at` bytes long, or None."""
        last = self._last
        return next((each for each in types if last.get(each, 0) > opened_at), None)

    def recall(self, known_from: int, last: dict[bytes, int]) -> None:
        """Know what a predecessor knew."""
        self.known_from = known_from
        for each, size in last.items():
            self.declare([each], size)

    def last(self, durable_size: int) -> dict[bytes, int]:
        """The last declaration of each type, as of a time when the journal had this size."""
        return {each: min(at, durable_size) for each, at in self._last.items()}

    def forget_until(self, size: int) -> None:
        """Drop what no transaction opened at `size` or later can conflict with."""
        self.known_from = max(self.known_from, size)
        self._last = {each: at for each, at in self._last.items() if at > size}
        self.type_bytes = sum(map(len, self._last))

    def roll_back(self, size: int) -> None:
        """Take back the declarations of commits behind `size`, which were not written after all.

        Where such a commit had replaced an earlier declaration, that one counts as made at `size`: a transaction
        may then conflict without need, never the other way round.
        """
        self._last = {each: min(at, size) for each, at in self._last.items()}
