"""Requests over 64 KiB that lanes have begun to send: each gets its room whole before more of it is read, in the order
in which they asked. What does not fit waits; one that is larger than all the room comes when no other is under way.
"""

from __future__ import annotations

from everstore import limits


class Begun:
    """By lanes' numbers."""

    def __init__(self) -> None:
        self._granted: dict[int, int] = {}
        self._waiting: dict[int, int] = {}

    @property
    def is_short(self) -> bool:
        """True while a lane waits for room."""
        return bool(self._waiting)

    def waits(self, number: int) -> bool:
        return number in self._waiting

    def has(self, number: int) -> bool:
        return number in self._granted

    def look(self, number: int, begun: int) -> list[int]:
        """A lane's request has begun that has so many bytes, as far as is known, or none has. Returns those that need
        not wait any longer.
        """
        if begun <= limits.RECEIVE_BYTES:
            return self.forget(number)
        if self._granted.get(number) == begun or number in self._waiting:
            return []
        self._granted.pop(number, None)
        self._waiting[number] = begun
        return self._grant()

    def forget(self, number: int) -> list[int]:
        """It has come whole, or never will. Returns those that need not wait any longer."""
        return self._grant() if self._waiting.pop(number, 0) or self._granted.pop(number, 0) else []

    def _grant(self) -> list[int]:
        granted: list[int] = []
        while self._waiting:
            number, size = next(iter(self._waiting.items()))
            if self._granted and sum(self._granted.values()) + size > limits.LANES_BEGUN_BYTES_MAX:
                break
            self._granted[number] = self._waiting.pop(number)
            granted.append(number)
        return granted
