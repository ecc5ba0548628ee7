"""Drives operations over a connection, and over another one when they ask for it."""

from __future__ import annotations

import time
from typing import Any, TypeVar

import anyio

from ..errors import EverstoreError, Timeout
from ..limits import RESEND_S
from ..operations import Elsewhere, Step, Steps
from .connection import AsyncConnection
from .pool import AsyncPool

T = TypeVar("T")


class AsyncPerformer:
    """For one task at a time. `connection` is the one that the next step is said over."""

    def __init__(self, pool: AsyncPool, connection: AsyncConnection) -> None:
        self.connection = connection
        self._pool = pool

    async def perform(self, steps: Steps[T]) -> T:
        """Drive an operation to its end."""
        resend_until = time.monotonic() + min(self._pool.address.timeout_s, RESEND_S)
        try:
            step = next(steps)
            while True:
                try:
                    reply = await self._do(step, resend_until)
                except EverstoreError as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(reply)
        except StopIteration as end:
            result: T = end.value
            return result
        finally:
            steps.close()

    async def _do(self, step: Step, resend_until: float) -> Any:
        if not isinstance(step, Elsewhere):
            return await self.connection.say(step)
        _require_time(resend_until, step.pause_s)
        await anyio.sleep(step.pause_s)
        self.connection = await self._pool.take(together=True)
        return _require_time(resend_until)


def _require_time(until: float, pause_s: float = 0.0) -> None:
    if time.monotonic() + pause_s >= until:
        raise Timeout("no more may be sent again by now")
