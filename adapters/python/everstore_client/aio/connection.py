"""One connection, shared by tasks: one task reads from it, another writes to it, a third looks for answers that
are late, and those who ask wait.

Nobody who can be cancelled touches the stream: a cancelled request leaves it whole, and its answer is dropped.

Error handling: as with the blocking one, what the socket or the peer does wrong ends the conversation, and with it
every request in flight. Other exceptions in these tasks are bugs and end the client's task group.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import AsyncGenerator
from typing import Any, NamedTuple, TypeVar

import anyio
from anyio.abc import ByteStream, SocketAttribute, TaskGroup

from ..address import Address
from ..conversation import Conversation
from ..errors import ConnectionLost, EverstoreError, ProtocolError, Timeout
from ..lanes import Lanes, worker_of
from ..limits import OUTGOING_BYTES_MAX, RECEIVE_BYTES, RESEND_S, STREAM_BYTES_MAX
from ..operations import Ask, Said, Steps, Tell
from ..outbox import Post
from ..pending import Pending
from ..senders import Native, Senders
from ..tls import context_for
from ..wire import native_requests
from ..wire.requests import Request
from .bell import Bell
from .patience import Patience

R = TypeVar("R")


class AsyncConnection:
    """See the module. For the tasks of one event loop. `another` opens the connections that become its lanes; without,
    it has none.
    """

    def __init__(
        self, stream: ByteStream, conversation: Conversation, timeout_s: float, another: Opening | None = None
    ) -> None:
        self.timeout_s = timeout_s
        self._another = another
        self._plan = Lanes(another is not None)
        self._lanes: dict[int, AsyncConnection | None] = {}  # None: one that is being opened
        self._stream = stream
        self._conversation = conversation
        self._outgoing = Bell()
        self._sent = Bell()
        self._opened = Bell()
        self._taken = Bell()
        self._writing = anyio.CancelScope()
        self._patience = Patience()
        self._streamed: Pending | None = None

    @classmethod
    async def open(cls, address: Address, tasks: TaskGroup, senders: Senders) -> AsyncConnection:
        """Connect and log in; the tasks of the connection run in `tasks`. Raises as `Connection.open` does."""
        conversation = Conversation(address.user, address.password, senders)
        another = Opening(address._replace(lanes=False), tasks, senders) if address.lanes and not address.tls else None
        connection = cls(await _connect(address), conversation, address.timeout_s, another)
        tasks.start_soon(connection._read)
        tasks.start_soon(connection._write)
        tasks.start_soon(connection._patience.watch)
        try:
            await connection._opened.wait_at_most(lambda: not conversation.is_opening, address.timeout_s)
        except BaseException:
            connection.close()
            raise
        if conversation.error:
            raise conversation.error
        return connection

    @property
    def waiting(self) -> int:
        return self._conversation.waiting + sum(lane.waiting for lane in self._lanes.values() if lane)

    @property
    def native(self) -> Native | None:
        """What the server is, when it knows the native requests."""
        return self._conversation.native

    @property
    def is_native(self) -> bool:
        return self.native is not None

    def is_alive(self) -> bool:
        return not self._conversation.is_lost

    async def say(self, step: Said) -> Any:
        """Say one step of an operation, and wait for its answer."""
        if isinstance(step, Tell):
            return self._tell(step)
        if isinstance(step, Ask):
            return self.native
        if lane := self._lane_for(step):
            return await lane.say(step)
        timeout_s = self._timeout_of(step)
        if not self._has_room():
            await self._sent.wait_at_most(self._has_room, timeout_s)
        heard = Bell()
        pending = self._ask(step, heard)
        try:
            while not pending.done:
                count = len(pending.parts)
                await self._patience.wait(
                    heard,
                    lambda count=count: pending.done or len(pending.parts) > count,  # type: ignore[misc]
                    timeout_s,
                )
        finally:
            self._conversation.forget(pending)
        return pending.result()

    def tell_all(self, steps: Steps[None]) -> None:
        """Drive an operation that only tells: nothing in it waits, so it may run while its task is cancelled."""
        for step in steps:
            assert isinstance(step, Tell)
            self._tell(step)

    async def parts(self, request: Request[Any]) -> AsyncGenerator[bytes, None]:
        """The parts of a read as they arrive. What nobody takes is not read from the socket beyond a bound.

        Only for a connection that nobody else uses meanwhile: others would have to wait for the one who takes.
        """
        heard = Bell()
        pending = self._streamed = self._ask(request, heard)
        try:
            while not pending.done:
                await heard.wait_at_most(lambda: pending.done or bool(pending.parts), self.timeout_s)
                for part in pending.take_parts():
                    yield part
                self._taken.ring()
            pending.require()
            for part in pending.take_parts():
                yield part
        finally:
            self._streamed = None
            self._taken.ring()
            self._conversation.forget(pending)

    def close(self) -> None:
        """Close it; requests in flight fail, in whichever tasks wait for them."""
        self._lose(ConnectionLost("the connection was closed"))

    def _lane_for(self, request: Request[Any] | Post) -> AsyncConnection | None:
        """The lane of its worker, when there is one; else there may soon be one."""
        if self._another is None:
            return None
        worker = worker_of(request, self.native)
        lane = self._lanes.get(worker)
        if lane is not None:
            if lane.is_alive():
                return lane
            self._lost_lane(worker, ConnectionLost("the lane was lost"))
        elif worker and worker not in self._lanes and self.is_alive() and self._plan.wants(worker, time.monotonic()):
            self._lanes[worker] = None
            self._another.tasks.start_soon(self._open_lane, worker, self._another)
        return None

    async def _open_lane(self, worker: int, another: Opening) -> None:
        try:
            lane = await AsyncConnection.open(*another)
        except EverstoreError as error:
            self._lost_lane(worker, error)
            return
        try:
            if lane.native is None or self.native is None or lane.native.hello != self.native.hello:
                raise ConnectionLost("another server is there now")
            await lane.say(native_requests.lane(worker))
            if not self.is_alive():
                raise ConnectionLost("the connection was closed")
        except EverstoreError as error:
            lane.close()
            self._lost_lane(worker, error)
        else:
            self._lanes[worker] = lane
            self._plan.opened(worker)

    def _lost_lane(self, worker: int, error: EverstoreError) -> None:
        self._lanes.pop(worker, None)
        self._plan.failed(worker, error, time.monotonic())

    def _timeout_of(self, step: Request[Any] | Post) -> float:
        """What is sent again must not leave late: the server remembers for so long only whether it was written."""
        return min(self.timeout_s, RESEND_S) if isinstance(step, Post) and step.again else self.timeout_s

    def _ask(self, request: Request[R] | Post, heard: Bell) -> Pending:
        pending = self._conversation.ask(request, heard.ring)
        self._outgoing.ring()
        return pending

    def _tell(self, step: Tell) -> None:
        self._conversation.tell(step.request)
        self._outgoing.ring()

    def _has_room(self) -> bool:
        return self._conversation.outgoing_bytes <= OUTGOING_BYTES_MAX or self._conversation.is_lost

    def _may_read(self) -> bool:
        streamed = self._streamed
        return streamed is None or streamed.done or sum(map(len, streamed.parts)) <= STREAM_BYTES_MAX

    async def _read(self) -> None:
        try:
            while not self._conversation.is_lost:
                await self._taken.wait_until(self._may_read)
                self._conversation.receive(await self._stream.receive(RECEIVE_BYTES))
                self._opened.ring()
                self._outgoing.ring()
        except anyio.EndOfStream:
            self._lose(ConnectionLost("the server closed the connection"))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            self._lose(ConnectionLost(f"the connection broke: {error}"))
        except ProtocolError as error:
            self._lose(error)
        finally:
            self._lose(ConnectionLost("the client was closed"))

    async def _write(self) -> None:
        try:
            with self._writing:
                while True:
                    await self._outgoing.wait_until(lambda: self._conversation.has_outgoing)
                    await self._stream.send(self._conversation.outgoing())
                    self._sent.ring()
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
            self._lose(ConnectionLost(f"the connection broke: {error}"))
        finally:
            await anyio.aclose_forcefully(self._stream)

    def _lose(self, error: EverstoreError) -> None:
        """Whoever waits looks again; the writing task closes the stream, which ends the reading one."""
        self._conversation.lose(error)
        for lane in self._lanes.values():
            if lane is not None:
                lane.close()
        self._writing.cancel()
        self._patience.stop()
        for bell in (self._opened, self._sent, self._taken):
            bell.ring()


class Opening(NamedTuple):
    """What `AsyncConnection.open` takes."""

    address: Address
    tasks: TaskGroup
    senders: Senders


async def _connect(address: Address) -> ByteStream:
    context = context_for(address) if address.tls else None
    try:
        with anyio.fail_after(address.timeout_s):
            stream = await _open_stream(address, context)
    except TimeoutError:
        raise Timeout(f"no connection to {address} within {address.timeout_s:g} s") from None
    except (OSError, anyio.BrokenResourceError) as error:
        raise ConnectionLost(f"cannot connect to {address}: {error or error.__cause__}") from error
    stream.extra(SocketAttribute.raw_socket).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


async def _open_stream(address: Address, context: ssl.SSLContext | None) -> ByteStream:
    if context is None:
        return await anyio.connect_tcp(address.host, address.port)
    # Frames tell their lengths, so an end without TLS's goodbye cuts off nothing unseen.
    return await anyio.connect_tcp(
        address.host, address.port, ssl_context=context, tls_hostname=address.host, tls_standard_compatible=False
    )
