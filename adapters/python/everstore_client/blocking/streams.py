"""Long reads: a connection of their own, so that a slow consumer holds up nobody and holds no more than a piece."""

from __future__ import annotations

from collections.abc import Iterator

from ..lines import WholeLines
from ..operations import range_request
from ..wire.replies import Opened
from .pool import Pool


def pieces(pool: Pool, journal: str, opened: Opened, since: int, timestamps: bool) -> Iterator[bytes]:
    """The journal's bytes from `since` on, as pieces of whole lines."""
    if since == opened.size:
        return
    request = range_request(journal, opened, since, timestamps)
    lines = WholeLines()
    with pool.lease() as connection:
        for part in connection.parts(request):
            if piece := lines.feed(part):
                yield piece
    if last := lines.finish():
        yield last
