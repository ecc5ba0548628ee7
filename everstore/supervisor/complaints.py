"""Warnings that clients cause: so many a second, the rest only counted, so that nobody can fill a disk with lines."""

from __future__ import annotations

import time
from collections.abc import Callable

from everstore import limits, log


class Complaints:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since = clock()
        self._said = 0
        self._left_out = 0

    def warn(self, why: str, **context: object) -> None:
        self.tell_the_rest()
        if self._said >= limits.COMPLAINTS_PER_S_MAX:
            self._left_out += 1
            log.debug(why, **context)
            return
        self._said += 1
        log.warning(why, **context)

    def tell_the_rest(self) -> None:
        """When the second is over: say how many were left out in it."""
        if self._clock() - self._since < 1:
            return
        if self._left_out:
            log.warning(f"{self._left_out} more connections were closed for such reasons within a second")
        self._since = self._clock()
        self._said = self._left_out = 0
