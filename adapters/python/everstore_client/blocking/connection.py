"""One connection, shared by threads, each of which may have many requests in flight on it.

There is no thread behind it. Of the threads that wait, one *leads*: it waits for the socket and takes in whatever
comes, for all of them; the others follow, and one of them leads next. A program with one thread thus never switches
threads for an answer, and there is nothing to stop at exit. (A reader thread for each connection was the alternative:
two more switches for each answer.)

Error handling: what the socket or the peer does wrong ends the conversation with `ConnectionLost` or `ProtocolError`,
which reaches every request in flight. An interruption, such as Ctrl-C, while bytes are taken in ends it too: the
stream's place is lost. What goes wrong on a lane ends that lane only.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ..address import Address
from ..conversation import Conversation
from ..errors import ConnectionLost, EverstoreError, Timeout
from ..lanes import Lanes, worker_of
from ..limits import RECEIVE_BYTES, RESEND_S
from ..operations import Ask, Said, Tell
from ..outbox import Post
from ..pending import Pending
from ..senders import Native, Senders
from ..tls import context_for
from ..wire.requests import Request
from .lane import Lane
from .link import Link

R = TypeVar("R")


class Connection:
    """See the module. Every method may be called by any thread. `another` makes conversations for its lanes; without,
    it has none.
    """

    def __init__(
        self,
        sock: socket.socket,
        conversation: Conversation,
        timeout_s: float,
        another: Callable[[], Conversation] | None = None,
    ) -> None:
        self.timeout_s = timeout_s
        self._conversation = conversation
        self._another = another
        self._plan = Lanes(another is not None)
        self._lanes: dict[int, Lane] = {}
        self._turn = threading.Condition(threading.Lock())
        self._has_leader = False
        self._is_closed = False
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for each in (self._waker, self._woken):
            each.setblocking(False)
        self._main = Link(sock, conversation, self._selector)
        self._selector.register(self._woken, selectors.EVENT_READ)

    @classmethod
    def open(cls, address: Address, timeout_s: float, senders: Senders) -> Connection:
        """Connect and log in, within `timeout_s` seconds for each of the two. `senders`: who appends over it.

        Raises:
            ConnectionLost: nobody answers there.
            AuthenticationFailed: the server does not let this user in.
            ProtocolError: what answers there is no Everstore server.
            Timeout: the server took the connection and stays silent.
        """
        another = partial(Conversation, address.user, address.password, senders)
        conversation = another()
        lanes = another if address.lanes and not address.tls else None
        connection = cls(_connect(address, timeout_s), conversation, address.timeout_s, lanes)
        try:
            connection.wait(lambda: not conversation.is_opening, timeout_s)
            if conversation.error:
                raise conversation.error
        except BaseException:
            connection.close()
            raise
        return connection

    @property
    def waiting(self) -> int:
        return sum(link.conversation.waiting for link in self._links())

    @property
    def native(self) -> Native | None:
        """What the server is, when it knows the native requests."""
        return self._conversation.native

    @property
    def is_native(self) -> bool:
        return self.native is not None

    @property
    def is_usable(self) -> bool:
        """Whether it was when it was last used."""
        return not self._conversation.is_lost

    def is_alive(self) -> bool:
        """Whether it can be used, as far as can be told: a server that left while nobody listened is noticed here."""
        with self._turn:
            if not self.waiting and not self._has_leader:
                self._lead(0)
            return not self._conversation.is_lost

    def say(self, step: Said) -> Any:
        """Say one step of an operation, and wait for its answer."""
        if isinstance(step, Tell):
            return self.tell(step.request)
        if isinstance(step, Ask):
            return self.native
        timeout_s = self._timeout_of(step)
        pending = self.ask(step)
        try:
            while not pending.done:
                heard = len(pending.parts)
                self.wait(lambda heard=heard: pending.done or len(pending.parts) > heard, timeout_s)  # type: ignore[misc]
        finally:
            self.forget(pending)
        return pending.result()

    def ask(self, request: Request[R] | Post, heard: Callable[[], object] | None = None) -> Pending:
        """Say a request; it leaves with the next `flush` or `wait`, so that many of them leave together."""
        with self._turn:
            return self._link_for(request).conversation.ask(request, heard)

    def tell(self, request: Request[R]) -> None:
        with self._turn:
            self._conversation.tell(request)

    def forget(self, pending: Pending) -> None:
        with self._turn:
            for link in self._links():
                link.conversation.forget(pending)

    def flush(self) -> None:
        with self._turn:
            self._send()

    def parts(self, request: Request[Any]) -> Iterator[bytes]:
        """The parts of a read as they arrive. What nobody takes is not read from the socket, if nobody else leads."""
        with self._turn:
            pending = self._conversation.ask(request)
        try:
            while not pending.done:
                self.wait(lambda: pending.done or bool(pending.parts), self.timeout_s)
                yield from pending.take_parts()
            pending.require()
            yield from pending.take_parts()
        finally:
            self.forget(pending)

    def wait(self, is_ready: Callable[[], bool], timeout_s: float) -> None:
        """Lead or follow until it is ready.

        Raises:
            Timeout: it did not get ready in so many seconds.
        """
        deadline = time.monotonic() + timeout_s
        with self._turn:
            self._send()
            while not is_ready():
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise Timeout(f"no answer within {timeout_s:g} s")
                if self._has_leader:
                    self._turn.wait(left_s)
                else:
                    self._lead(left_s)

    def close(self) -> None:
        """Close it; requests in flight fail, in whichever threads wait for them."""
        with self._turn:
            self._lose(ConnectionLost("the connection was closed"))

    def _timeout_of(self, step: Request[Any] | Post) -> float:
        """What is sent again must not leave late: the server remembers for so long only whether it was written."""
        return min(self.timeout_s, RESEND_S) if isinstance(step, Post) and step.again else self.timeout_s

    def _lead(self, left_s: float) -> None:
        self._has_leader = True
        try:
            self._take_in(left_s)
        finally:
            self._has_leader = False
            self._release_lost()
            self._turn.notify_all()

    def _take_in(self, wait_s: float) -> None:
        """Wait for the socket without holding the lock, then read and write what can be read and written."""
        if self._conversation.is_lost:
            return
        for link in self._links():
            link.watch()
        self._turn.release()
        try:
            ready = self._selector.select(wait_s)
        finally:
            self._turn.acquire()
        for key, events in ready:
            if key.fileobj is self._woken:
                self._woken.recv(64)
            elif events & selectors.EVENT_READ:
                self._receive(key.data)
        self._send()

    def _receive(self, link: Link) -> None:
        try:
            link.receive(self._buffer)
        finally:
            if isinstance(link, Lane) and not link.is_open:
                link.go_on()
                if link.is_open:
                    self._plan.opened(link.worker)
            self._look_after_lost()

    def _send(self) -> None:
        """Send without waiting; what does not fit is the leader's to send."""
        try:
            for link in self._links():
                if not link.send():
                    self._wake_leader()
        finally:
            self._look_after_lost()

    def _links(self) -> list[Link]:
        return [self._main, *self._lanes.values()]

    def _link_for(self, request: Request[Any] | Post) -> Link:
        """The lane of its worker, when there is one; else the connection itself, and there may soon be one."""
        if self._another is None:
            return self._main
        worker = worker_of(request, self.native)
        lane = self._lanes.get(worker)
        if lane is not None:
            return lane if lane.is_open else self._main
        if worker and not self._main.is_lost and self._plan.wants(worker, time.monotonic()):
            self._open_lane(worker, self._another())
        return self._main

    def _open_lane(self, worker: int, conversation: Conversation) -> None:
        assert self.native is not None, "workers are known of native servers only"
        try:
            self._lanes[worker] = Lane(worker, self.native, self._main.socket, conversation, self._selector)
        except EverstoreError as error:
            self._plan.failed(worker, error, time.monotonic())

    def _look_after_lost(self) -> None:
        """A lost lane is closed, and without the connection itself there are none; whoever waits looks again."""
        if self._main.is_lost:
            self._lose(ConnectionLost("the connection was lost"))
        elif any(lane.is_lost for lane in self._lanes.values()):
            self._drop_lanes([lane for lane in self._lanes.values() if lane.is_lost])
            self._wake_leader()
            self._turn.notify_all()

    def _drop_lanes(self, lost: list[Lane]) -> None:
        for lane in lost:
            del self._lanes[lane.worker]
            lane.close()
            self._plan.failed(lane.worker, lane.error, time.monotonic())

    def _wake_leader(self) -> None:
        if self._has_leader:
            with suppress(BlockingIOError):
                self._waker.send(b"\0")

    def _lose(self, error: EverstoreError) -> None:
        for link in self._links():
            link.lose(error)
        self._drop_lanes(list(self._lanes.values()))
        self._wake_leader()
        self._release_lost()
        self._turn.notify_all()

    def _release_lost(self) -> None:
        """Close the sockets of a lost connection; while a leader waits for them, that is the leader's to do."""
        if self._is_closed or self._has_leader or not self._conversation.is_lost:
            return
        self._is_closed = True
        self._main.close()
        self._selector.close()
        for each in (self._waker, self._woken):
            each.close()


def _connect(address: Address, timeout_s: float) -> socket.socket:
    context = context_for(address) if address.tls else None
    try:
        sock = socket.create_connection((address.host, address.port), timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _encrypted(sock, context, address.host) if context else sock
    except TimeoutError:
        raise Timeout(f"no connection to {address} within {timeout_s:g} s") from None
    except OSError as error:
        raise ConnectionLost(f"cannot connect to {address}: {error}") from error


def _encrypted(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """OpenSSL takes one record at a time from the socket, and we take all of it, which is less than our buffer holds:
    so waiting for the socket is waiting for whatever comes.
    """
    try:
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
