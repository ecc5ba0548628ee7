"""The simulated world's time and chance: what happens next, and when, comes from one seed.

Everything that happens later is a call in one heap, made by one task at its moment of virtual time. `note` adds what
happened to the trace, whose hash tells whether two runs were the same.
"""

from __future__ import annotations

import heapq
import math
import random
import time
import zlib
from collections.abc import Callable
from itertools import count

import trio

EPOCH_S = 1_790_000_000


class Clockwork:
    """`chance` is the only source of it. `wall_jump_s` is how far the wall clock has been set wrong."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.trace = 0
        self.wall_jump_s = 0.0
        self._due: list[tuple[float, int, Callable[[], object]]] = []
        self._order = count()
        self._ticks = 0
        self._waiting = trio.CancelScope()

    def now(self) -> float:
        return trio.current_time()

    def later(self, delay_s: float, call: Callable[[], object]) -> None:
        moment = self.now() + delay_s
        heapq.heappush(self._due, (moment, next(self._order), call))
        self._waiting.deadline = min(self._waiting.deadline, moment)

    async def run(self) -> None:
        while True:
            while self._due and self._due[0][0] <= self.now():
                heapq.heappop(self._due)[2]()
            with trio.CancelScope(deadline=self._due[0][0] if self._due else math.inf) as self._waiting:
                await trio.sleep_forever()

    def note(self, *what: object) -> None:
        self.trace = zlib.crc32(repr((round(self.now(), 9), what)).encode(), self.trace)

    def time_ns(self) -> int:
        """Nanoseconds since 1970; never the same twice, as on a machine."""
        self._ticks += 1
        return int((EPOCH_S + self.now()) * 1e9) + self._ticks


class MachineTime:
    """Stands in for the module `time`. `wall` follows the clock when somebody sets it, as a journal's stamps do."""

    strftime = staticmethod(time.strftime)

    def __init__(self, clockwork: Clockwork, wall: bool = False) -> None:
        self._clockwork = clockwork
        self._wall = wall

    def time_ns(self) -> int:
        return self._clockwork.time_ns() + (int(self._clockwork.wall_jump_s * 1e9) if self._wall else 0)

    def monotonic(self) -> float:
        return self._clockwork.now()

    def gmtime(self, seconds: float | None = None) -> time.struct_time:
        return time.gmtime(EPOCH_S + self._clockwork.now() if seconds is None else seconds)
