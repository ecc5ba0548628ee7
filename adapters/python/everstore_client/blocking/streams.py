"""Long reads: a connection of their own, so that a slow consumer holds up nobody and holds no more than a piece."""

from __future__ import annotations

from collections.abc import Iterator

from ..operations import REPEATABLE
from ..reading import Reading
from .pool import Pool


def pieces(pool: Pool, reading: Reading) -> Iterator[bytes]:
    """What it reads, as pieces of whole lines."""
    while not reading.is_over:
        try:
            with pool.lease() as connection:
                for part in connection.parts(reading.request()):
                    if piece := reading.feed(part):
                        yield piece
        except REPEATABLE:
            if not reading.may_go_on():
                raise
        else:
            break
    if last := reading.finish():
        yield last
