"""Requests that have arrived and wait for their batch. Each connection has its turn.

A batch that took all that is there in the order in which it came would let one client that sends thousands of requests
at once hold up everybody behind it. So a batch takes no more than so many, some of each connection in turn; a
connection's own requests keep their order. As long as a batch takes all that waits, nothing is sorted.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from everstore import limits
from everstore.worker.channel import ITEM_BYTES, Item


class Turns:
    """`waiting_bytes`: what the waiting requests occupy, about."""

    def __init__(self) -> None:
        self.waiting_bytes = 0
        self._waiting: OrderedDict[int, deque[Item]] = OrderedDict()

    @property
    def crowded(self) -> bool:
        """True when no more should be received for now."""
        return self.waiting_bytes >= limits.TURNS_BYTES_MAX

    def take(self, arrived: list[Item]) -> list[Item]:
        """The next batch, now that these have arrived."""
        if not self._waiting and len(arrived) <= limits.BATCH_REQUESTS_MAX:
            return arrived
        for item in arrived:
            self._waiting.setdefault(item[0], deque()).append(item)
            self.waiting_bytes += _occupied(item)
        taken: list[Item] = []
        while self._waiting and len(taken) < limits.BATCH_REQUESTS_MAX:
            self._take_turn(taken)
        return taken

    def _take_turn(self, taken: list[Item]) -> None:
        """Of the connection that has waited longest; then it is the last."""
        connection, queue = self._waiting.popitem(last=False)
        for _ in range(min(len(queue), limits.TURN_REQUESTS)):
            item = queue.popleft()
            self.waiting_bytes -= _occupied(item)
            taken.append(item)
        if queue:
            self._waiting[connection] = queue


def _occupied(item: Item) -> int:
    return ITEM_BYTES + limits.REQUEST_BYTES + len(item[1][5])
