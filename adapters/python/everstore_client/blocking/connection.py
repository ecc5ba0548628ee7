"""One connection, shared by threads, each of which may have many requests in flight on it.

There is no thread behind it. Of the threads that wait, one *leads*: it waits for the socket and takes in whatever
comes, for all of them; the others follow, and one of them leads next. A program with one thread thus never switches
threads for an answer, and there is nothing to stop at exit. (A reader thread for each connection was the alternative:
two more switches for each answer.)

Error handling: what the socket or the peer does wrong ends the conversation with `ConnectionLost` or `ProtocolError`,
which reaches every request in flight. An interruption, such as Ctrl-C, while bytes are taken in ends it too: the
stream's place is lost.
"""

from __future__ import annotations

import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

from ..address import Address
from ..conversation import Conversation
from ..errors import ConnectionLost, EverstoreError, ProtocolError, Timeout
from ..limits import RECEIVE_BYTES, RESEND_S
from ..operations import Ask, Said, Tell
from ..outbox import Post
from ..pending import Pending
from ..senders import Native, Senders
from ..tls import context_for
from ..wire.requests import Request

R = TypeVar("R")

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

_READ = selectors.EVENT_READ
_READ_AND_WRITE = selectors.EVENT_READ | selectors.EVENT_WRITE


class Connection:
    """See the module. Every method may be called by any thread."""

    def __init__(self, sock: socket.socket, conversation: Conversation, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self._socket = sock
        self._conversation = conversation
        self._turn = threading.Condition(threading.Lock())
        self._has_leader = False
        self._is_closed = False
        self._unsent = memoryview(b"")
        self._buffer = memoryview(bytearray(RECEIVE_BYTES))
        self._waker, self._woken = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._watched = _READ
        for each in (self._waker, self._woken, sock):
            each.setblocking(False)
        self._selector.register(sock, _READ)
        self._selector.register(self._woken, _READ)

    @classmethod
    def open(cls, address: Address, timeout_s: float, senders: Senders) -> Connection:
        """Connect and log in, within `timeout_s` seconds for each of the two. `senders`: who appends over it.

        Raises:
            ConnectionLost: nobody answers there.
            AuthenticationFailed: the server does not let this user in.
            ProtocolError: what answers there is no Everstore server.
            Timeout: the server took the connection and stays silent.
        """
        conversation = Conversation(address.user, address.password, senders)
        connection = cls(_connect(address, timeout_s), conversation, address.timeout_s)
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
        return self._conversation.waiting

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
            if not self._conversation.waiting and not self._has_leader:
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
            return self._conversation.ask(request, heard)

    def tell(self, request: Request[R]) -> None:
        with self._turn:
            self._conversation.tell(request)

    def forget(self, pending: Pending) -> None:
        with self._turn:
            self._conversation.forget(pending)

    def flush(self) -> None:
        with self._turn:
            self._send()

    def parts(self, request: Request[Any]) -> Iterator[bytes]:
        """The parts of a read as they arrive. What nobody takes is not read from the socket, if nobody else leads."""
        pending = self.ask(request)
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
        self._watch(_READ_AND_WRITE if self._unsent else _READ)
        self._turn.release()
        try:
            ready = self._selector.select(wait_s)
        finally:
            self._turn.acquire()
        for key, events in ready:
            if key.fileobj is self._woken:
                self._woken.recv(64)
            elif events & selectors.EVENT_READ:
                self._receive()
        self._send()

    def _watch(self, events: int) -> None:
        if self._watched != events:
            self._selector.modify(self._socket, events)
            self._watched = events

    def _receive(self) -> None:
        if self._conversation.is_lost:
            return
        try:
            count = self._socket.recv_into(self._buffer)
            if count == 0:
                raise ConnectionLost("the server closed the connection")
            self._conversation.receive(self._buffer[:count])
        except _NOT_NOW:
            return
        except OSError as error:
            self._lose(error if isinstance(error, ConnectionLost) else ConnectionLost(str(error)))
        except ProtocolError as error:
            self._lose(error)
        except BaseException:
            self._lose(ConnectionLost("the connection was interrupted while an answer was taken in"))
            raise

    def _send(self) -> None:
        """Send without waiting; what does not fit is the leader's to send."""
        try:
            while not self._conversation.is_lost and (self._unsent or self._said()):
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except _NOT_NOW:
            self._wake_leader()
        except OSError as error:
            self._lose(ConnectionLost(str(error)))
        except BaseException:
            self._lose(ConnectionLost("the connection was interrupted while a request was sent"))
            raise

    def _said(self) -> bool:
        self._unsent = memoryview(self._conversation.outgoing())
        return bool(self._unsent)

    def _wake_leader(self) -> None:
        if self._has_leader:
            with suppress(BlockingIOError):
                self._waker.send(b"\0")

    def _lose(self, error: EverstoreError) -> None:
        self._conversation.lose(error)
        self._wake_leader()
        self._release_lost()
        self._turn.notify_all()

    def _release_lost(self) -> None:
        """Close the sockets of a lost connection; while a leader waits for them, that is the leader's to do."""
        if self._is_closed or self._has_leader or not self._conversation.is_lost:
            return
        self._is_closed = True
        self._selector.close()
        for each in (self._socket, self._waker, self._woken):
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
