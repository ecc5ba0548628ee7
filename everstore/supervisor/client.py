"""One client's connection: its session, what it waits for, and how much it may have under way.

A client is not read from while it has too many requests in flight, too many bytes of them, or too many bytes of
answers that it has not taken. That, and the credit of the workers for long reads, bounds what any one client can
cost.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable

import trio

from everstore import limits
from everstore.errors import Code
from everstore.supervisor.outflow import Outflow
from everstore.wire import replies
from everstore.wire.layouts import MULTIPART
from everstore.wire.session import Session


class Client:
    """`number` names it to the workers. `in_flight`: by worker, the (uid, bytes) of the requests it has not answered,
    oldest first.
    """

    def __init__(
        self,
        number: int,
        sock: socket.socket,
        peer: str,
        session: Session,
        nursery: trio.Nursery,
        give_credit: Callable[[Client], None],
    ) -> None:
        self.number = number
        self.sock = sock
        self.peer = peer
        self.session = session
        self.in_flight: dict[int, deque[tuple[int, int]]] = {}
        self.uncredited: dict[int, int] = {}
        self.listening = trio.CancelScope()
        self.out = Outflow(sock, nursery, self._drained)
        self._give_credit = give_credit
        self._in_flight_count = 0
        self._in_flight_bytes = 0
        self._changed = trio.lowlevel.ParkingLot()

    @property
    def overloaded(self) -> bool:
        return (
            self._in_flight_count >= limits.IN_FLIGHT_MAX
            or self._in_flight_bytes >= limits.IN_FLIGHT_BYTES_MAX
            or self.out.owed >= limits.OWED_BYTES_MAX
        )

    @property
    def idle(self) -> bool:
        """True when everything it asked for has been answered and taken, or nobody is there any more."""
        return self.out.broken or (not self._in_flight_count and not self.out.owed)

    async def until_not_overloaded(self) -> None:
        while self.overloaded:
            await self._changed.park()

    async def until_idle(self) -> None:
        while not self.idle:
            await self._changed.park()

    def asked(self, worker: int, uid: int, size: int) -> None:
        """A request has gone to a worker."""
        self.in_flight.setdefault(worker, deque()).append((uid, size))
        self._in_flight_count += 1
        self._in_flight_bytes += size

    def answered(self, worker: int, uid: int, properties: int, size: int) -> None:
        """A worker's reply of `size` bytes, or a part of it, is being passed on."""
        self.uncredited[worker] = self.uncredited.get(worker, 0) + size
        if not properties & MULTIPART:
            expected, request_bytes = self.in_flight[worker].popleft()
            assert expected == uid, "a worker answers each connection in order"
            self._less(1, request_bytes)

    def lost(self, worker: int) -> int:
        """A worker has died: answer what it had in flight with errors, in order; returns how much that was."""
        waiting = self.in_flight.pop(worker, deque())
        self.uncredited.pop(worker, None)
        if waiting:
            self._less(len(waiting), sum(size for _, size in waiting))
            self.out.send(b"".join(replies.error(uid, worker, Code.UNKNOWN) for uid, _ in waiting))
        return len(waiting)

    def _less(self, count: int, size: int) -> None:
        self._in_flight_count -= count
        self._in_flight_bytes -= size
        self._changed.unpark_all()

    def _drained(self) -> None:
        self._give_credit(self)
        self._changed.unpark_all()
