"""A bell that one task rings and others wait for: an event that can happen again."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from ..errors import Timeout


class Bell:
    """Rung by the reader and writer tasks; whoever waits looks again at what it waits for."""

    def __init__(self) -> None:
        self._event: anyio.Event | None = None

    def ring(self) -> None:
        if self._event is not None:
            self._event.set()
            self._event = None

    async def wait_until(self, is_ready: Callable[[], bool]) -> None:
        while not is_ready():
            if self._event is None:
                self._event = anyio.Event()
            await self._event.wait()

    async def wait_at_most(self, is_ready: Callable[[], bool], timeout_s: float) -> None:
        """The same.

        Raises:
            Timeout: it did not get ready in so many seconds.
        """
        with anyio.move_on_after(timeout_s):
            await self.wait_until(is_ready)
        if not is_ready():
            raise Timeout(f"no answer within {timeout_s:g} s")
