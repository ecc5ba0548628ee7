"""Long reads: a connection of their own, so that a slow consumer holds up nobody and holds no more than a piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from ..lines import WholeLines
from ..operations import range_request
from ..wire.replies import Opened
from .pool import AsyncPool


async def pieces(
    pool: AsyncPool, journal: str, opened: Opened, since: int, timestamps: bool
) -> AsyncGenerator[bytes, None]:
    """The journal's bytes from `since` on, as pieces of whole lines."""
    if since == opened.size:
        return
    request = range_request(journal, opened, since, timestamps)
    lines = WholeLines()
    async with pool.lease() as connection, aclosing(connection.parts(request)) as parts:
        async for part in parts:
            if piece := lines.feed(part):
                yield piece
    if last := lines.finish():
        yield last
