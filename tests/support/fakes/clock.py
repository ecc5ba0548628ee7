"""A clock that stands still until it is set."""

from __future__ import annotations

from everstore.clock import Clock


class FrozenClock(Clock):
    def __init__(self, stamp: bytes = b"2026-11-21T12:00:00.000") -> None:
        super().__init__()
        self.now = stamp
        self.seconds = 0.0

    def stamp(self) -> bytes:
        return self.now

    def monotonic(self) -> float:
        return self.seconds
