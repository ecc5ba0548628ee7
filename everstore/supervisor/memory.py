"""What all clients together may occupy in the supervisor, so that no number of them can take its memory.

- *Flowing*, requests in flight and answers owed: from a quarter of the memory on, whoever holds more than an even
  share of that quarter is not read from. So it ends at half of the memory.
- *Reserved*, requests over 64 KiB that have begun to arrive: each gets its room whole before more of it is read, in
  the order in which they asked. What does not fit waits.
- What else is half received: 64 KiB for each connection, beside all this.

Nobody waits for ever. Who is not read from for its share holds something that drains: its own. What is reserved can
be completed, since it has its room, and whoever does not complete it in time is closed (patience.py). A request of
any allowed size passes when no other is reserved, be it larger than the memory.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import trio

from everstore import limits


class Holder(Protocol):
    """Who reserves. `reserved`: bytes, kept by `Memory`."""

    reserved: int


class _Waiting:
    def __init__(self, holder: Holder, size: int) -> None:
        self.holder = holder
        self.size = size
        self.granted = trio.Event()


class Memory:
    """`most`: bytes. `connections_max`: among how many a share is reckoned."""

    def __init__(self, most: int, connections_max: int) -> None:
        self.share = most // 4 // connections_max
        self.flowing = 0
        self.reserved = 0
        self._most = most
        self._queue: deque[_Waiting] = deque()

    @property
    def short(self) -> bool:
        """True while those who hold more than their share are not read from."""
        return self.flowing >= self._most // 4

    @property
    def scarce(self) -> bool:
        """True while anybody waits for memory: then who wastes it is given less time."""
        return self.short or bool(self._queue)

    def flow(self, size: int) -> None:
        """So many bytes more, or less, are in flight or owed."""
        self.flowing += size
        if size < 0 and self._queue:
            self._grant()

    async def reserve(self, holder: Holder, size: int) -> None:
        """Give back what the holder has reserved, and wait until `size` bytes are reserved for it instead."""
        self.release(holder)
        waiting = _Waiting(holder, size)
        self._queue.append(waiting)
        self._grant()
        try:
            await waiting.granted.wait()
        except trio.Cancelled:
            if waiting in self._queue:
                self._queue.remove(waiting)
                self._grant()
            raise

    def release(self, holder: Holder) -> None:
        """The request has arrived whole, or never will."""
        self.reserved -= holder.reserved
        holder.reserved = 0
        self._grant()

    def _grant(self) -> None:
        while self._queue and self._fits(self._queue[0].size):
            waiting = self._queue.popleft()
            waiting.holder.reserved = waiting.size
            self.reserved += waiting.size
            waiting.granted.set()

    def _fits(self, size: int) -> bool:
        half = self._most // 2
        alone = not self.reserved and self.flowing <= half
        return alone or self.reserved + size + max(self.flowing, half) <= self._most


def needs_room(begun_bytes: int) -> bool:
    """True for a request that has begun to arrive and is too large to be awaited without a reservation."""
    return begun_bytes > limits.RECEIVE_BYTES
