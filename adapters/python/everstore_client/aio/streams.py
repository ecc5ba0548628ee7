"""Long reads: a connection of their own, so that a slow consumer holds up nobody and holds no more than a piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..operations import REPEATABLE
from ..reading import Reading
from .pool import AsyncPool


async def pieces(pool: AsyncPool, reading: Reading) -> AsyncGenerator[bytes, None]:
    """What it reads, as pieces of whole lines."""
    while not reading.is_over:
        try:
            async with pool.lease() as connection, aclosing(connection.parts(reading.request())) as parts:
                async for part in parts:
                    if piece := reading.feed(part):
                        yield piece
        except REPEATABLE:
            if not reading.may_go_on():
                raise
        else:
            break
    if last := reading.finish():
        yield last
