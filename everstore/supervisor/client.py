"""One client's connection: its session, what it waits for, and how much it may have under way.

A client is not read from while it has too many requests in flight, too many bytes of them, or too many bytes of
answers that it has not taken. That, and the credit of the workers for long reads, bounds what any one client can
cost.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import trio

from everstore import limits
from everstore.errors import Code
from everstore.supervisor.memory import Memory
from everstore.supervisor.outflow import Outflow
from everstore.users.roll import User
from everstore.wire import replies
from everstore.wire.access import Grant
from everstore.wire.layouts import MULTIPART
from everstore.wire.session import Session
from everstore.worker.patience import Patience, Seen
from everstore.worker.tcp import Transport


class Request:
    """A request in flight. `item` is kept of reads only, which can be asked for again.

    A read whose first parts have gone out when its worker dies goes on at the successor: a journal's bytes do not
    change, so the same parts come again, and those that the client has are left out. (An error between two parts would
    be right by the protocol, but the published Java adapter takes it for a part, and never finds the beginning of a
    reply again.)
    """

    __slots__ = ("_skip", "behind", "item", "parts", "size", "uid")

    def __init__(self, uid: int, size: int, item: bytes = b"") -> None:
        self.uid = uid
        self.size = size
        self.item = item
        self.parts = 0  # of its reply, passed on so far
        self.behind = b""  # what is to be sent when it has been answered
        self._skip = 0

    def has_news(self) -> bool:
        """A part has come; True when the client does not have it yet."""
        if self._skip:
            self._skip -= 1
            return False
        self.parts += 1
        return True

    @property
    def can_go_on(self) -> bool:
        """True for a read of which parts have gone out, and that can be asked for again."""
        return bool(self.parts and self.item)

    def begin_again(self, errors: bytes) -> None:
        self._skip = self.parts
        self.behind += errors


class Client:
    """`number` names it to the workers. `in_flight`: by worker, the (uid, bytes) of the requests it has not answered,
    oldest first. `received`: bytes so far; `reserved`: see Memory; `awaited`: True while it is being read from. `user`:
    one of the file of users; `grant`: what it may do, None for everything.
    """

    def __init__(
        self,
        number: int,
        sock: Transport,
        peer: str,
        session: Session,
        nursery: trio.Nursery,
        give_credit: Callable[[Client], None],
        memory: Memory,
        patience: Patience,
    ) -> None:
        self.number = number
        self.sock = sock
        self.peer = peer
        self.session = session
        self.user: User | None = None
        self.grant: Grant | None = None
        self.in_flight: dict[int, deque[Request]] = {}
        self.uncredited: dict[int, int] = {}
        self.listening = trio.CancelScope()
        self.complained_about = False
        self.out = Outflow(sock, nursery, self._drained, memory.flow)
        self.patience = patience
        self.received = 0
        self.reserved = 0
        self.awaited = False
        self._memory = memory
        self._give_credit = give_credit
        self._in_flight_count = 0
        self._in_flight_bytes = 0
        self._changed = trio.lowlevel.ParkingLot()

    @property
    def overloaded(self) -> bool:
        return not self.out.broken and (
            self._in_flight_count >= limits.IN_FLIGHT_MAX
            or self._in_flight_bytes >= limits.IN_FLIGHT_BYTES_MAX
            or self.out.owed >= limits.OWED_BYTES_MAX
            or (self._memory.short and self._greedy)
        )

    @property
    def _greedy(self) -> bool:
        """True when it holds more than its share of what all clients may."""
        return self._in_flight_bytes + self.out.owed > self._memory.share

    @property
    def idle(self) -> bool:
        """True when everything it asked for has been answered and taken, or nobody is there any more."""
        return self.out.broken or (not self._in_flight_count and not self.out.owed)

    def seen(self) -> Seen:
        """What its patience is to know of it."""
        due = self.session.due
        quiet = self.idle and not due
        greedy = self.out.owed > self._memory.share
        return Seen(self.received, self.out.sent, due, self.awaited, quiet, greedy, self.reserved > 0)

    def hang_up(self) -> None:
        """End the connection from here: whoever waits for it finds it closed."""
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def parted(self) -> None:
        """It is gone, and what it held with it."""
        self._less(self._in_flight_count, self._in_flight_bytes)
        self._memory.release(self)
        self.out.abandon()

    async def until_not_overloaded(self) -> None:
        while self.overloaded:
            await self._changed.park()

    async def until_idle(self) -> bool:
        """Wait until it is; False when for long no answer has come or been taken."""
        while not self.idle:
            before = (self._in_flight_count, self.out.sent)
            with trio.move_on_after(limits.STALLED_S_MAX) as waiting:
                await self._changed.park()
            if waiting.cancelled_caught and before == (self._in_flight_count, self.out.sent):
                return False
        return True

    def asked(self, worker: int, request: Request) -> None:
        """A request has gone to a worker."""
        self.in_flight.setdefault(worker, deque()).append(request)
        self._in_flight_count += 1
        self._in_flight_bytes += request.size
        self._memory.flow(request.size + limits.REQUEST_BYTES)

    def answered(self, worker: int, uid: int, properties: int, frame: bytes) -> bytes:
        """A worker's reply, or a part of one, has come; returns what is to be passed on."""
        self.uncredited[worker] = self.uncredited.get(worker, 0) + len(frame)
        request = self.in_flight[worker][0]
        assert request.uid == uid, "a worker answers each connection in order"
        if properties & MULTIPART:
            return frame if request.has_news() else b""
        self.in_flight[worker].popleft()
        self._less(1, request.size)
        return frame + request.behind

    def lost(self, worker: int, successor: bool) -> tuple[int, bytes]:
        """A worker has died: answer with errors, in order, what it had in flight.

        Returns:
            How many those were; and the read to ask the successor for again, if parts of one have been passed on
            already and there is to be a successor: then the errors wait behind it.
        """
        waiting = self.in_flight.pop(worker, deque())
        self.uncredited.pop(worker, None)
        begun = waiting.popleft() if successor and waiting and waiting[0].can_go_on else None
        self._less(len(waiting), sum(request.size for request in waiting))
        errors = b"".join(replies.error(request.uid, worker, Code.UNKNOWN) + request.behind for request in waiting)
        if begun is None:
            self.out.send(errors)
            return len(waiting), b""
        begun.begin_again(errors)
        self.in_flight[worker] = deque([begun])
        return len(waiting), begun.item

    def _less(self, count: int, size: int) -> None:
        self._in_flight_count -= count
        self._in_flight_bytes -= size
        self._memory.flow(-size - count * limits.REQUEST_BYTES)
        self._changed.unpark_all()

    def _drained(self) -> None:
        self._give_credit(self)
        self._changed.unpark_all()
