"""A raw client: one socket, frames out, replies in. Every wait ends after `TIMEOUT_S`, and then the test fails.

`send` and `receive` leave order and pipelining to the test; `ask` is one after the other; the methods named after
requests are for tests that are about something else. A reply is cut by the size in its header, so a wrong size shows as
a broken stream.
"""

from __future__ import annotations

import itertools
import socket
import ssl
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

from support import frames
from support.frames import COUNT_BYTES, HEADER, MULTIPART, TIMESTAMPS, Refused, Reply

TIMEOUT_S = 20.0
HELLO = b"\x00\x01\x01"


class Opened(NamedTuple):
    name: bytes
    size: int
    transaction: int
    worker: int


class Committed(NamedTuple):
    succeeded: bool
    size: int


class Client:
    """`tls`: how it is encrypted, if it is."""

    def __init__(
        self,
        port: int,
        user: bytes = b"admin",
        password: bytes = b"passwd",
        login: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._file = self.socket.makefile("rb", buffering=1 << 16)
        self._uids = itertools.count(1000)
        if login:
            try:
                assert self.receive_exactly(3) == HELLO
                self.send(frames.login(user, password))
            except BaseException:
                self.close()
                raise

    # -- bytes
    def send(self, *requests: bytes) -> None:
        self.socket.sendall(b"".join(requests))

    def send_cut(self, data: bytes, positions: Iterable[int]) -> None:
        """The same bytes, one packet for each piece between the positions."""
        edges = [0, *positions, len(data)]
        for start, end in itertools.pairwise(edges):
            self.socket.sendall(data[start:end])

    def receive_exactly(self, count: int) -> bytes:
        data = self._file.read(count)
        assert data is not None
        assert len(data) == count, f"the connection ended after {data!r}, {count} bytes were due"
        return data

    def until_closed(self) -> bytes:
        """What still comes before the server closes. A reset is a close, too: it did not want to read what was sent."""
        received = []
        try:
            while data := self._file.read1(1 << 16):
                received.append(data)
        except ConnectionResetError:
            pass
        return b"".join(received)

    # -- frames
    def receive(self) -> Reply:
        kind, size, uid, properties, worker = HEADER.unpack(self.receive_exactly(HEADER.size))
        assert size <= 1 << 20, f"no reply is that long: type {kind}, size {size}"
        return Reply(kind, size, uid, properties, worker, self.receive_exactly(size))

    def receive_many(self, count: int) -> list[Reply]:
        return [self.receive() for _ in range(count)]

    def ask(self, request: bytes) -> Reply:
        self.send(request)
        return self.receive()

    def uid(self) -> int:
        return next(self._uids)

    def _answer(self, kind: int, request: bytes) -> Reply:
        reply = self.ask(request)
        if reply.kind == frames.ERROR:
            raise Refused(reply.code)
        assert reply.kind == kind, f"asked {kind}, answered {reply}"
        return reply

    # -- requests
    def open(self, name: bytes) -> Opened:
        return opened(name, self._answer(frames.OPEN, frames.open_transaction(name, self.uid())))

    def commit(self, on: Opened, *events: bytes, types: bytes = b"") -> Committed:
        request = frames.commit(on.name, on.worker, on.transaction, types, b"\n".join(events), self.uid())
        return committed(self._answer(frames.COMMIT, request))

    def append(self, name: bytes, *events: bytes, types: bytes = b"") -> int:
        """One transaction with these events; the journal's size behind them."""
        answer = self.commit(self.open(name), *events, types=types)
        assert answer.succeeded
        return answer.size

    def rollback(self, on: Opened) -> bytes:
        return self._answer(frames.ROLLBACK, frames.rollback(on.name, on.worker, on.transaction, self.uid())).body

    def exists(self, name: bytes) -> bool:
        return {b"\x00": False, b"\x01": True}[self._answer(frames.EXISTS, frames.exists(name, self.uid())).body]

    def read_parts(self, on: Opened, offset: int, size: int, properties: int = 0) -> list[Reply]:
        request = frames.read(on.name, on.worker, offset, size, properties, self.uid())
        parts = [self._answer(frames.READ, request)]
        while parts[-1].properties & MULTIPART:
            parts.append(self.receive())
            assert (parts[-1].kind, parts[-1].uid) == (frames.READ, parts[0].uid)
        return parts

    def read(self, on: Opened, offset: int = 0, size: int | None = None, timestamps: bool = False) -> bytes:
        parts = self.read_parts(on, offset, on.size if size is None else size, TIMESTAMPS if timestamps else 0)
        return b"".join(part_bytes(part) for part in parts)

    def events(self, name: bytes) -> list[bytes]:
        """All events of a journal as it is now."""
        return lines(self.read(self.open(name)))

    def list(self, prefix: bytes = b"", after: bytes = b"", most: int = 1000) -> tuple[bool, list[bytes]]:
        body = self._answer(frames.LIST, frames.list_journals(prefix, after, most, self.uid())).body
        more, count = frames.TWO.unpack_from(body)
        assert count == len(body) - frames.TWO.size
        return {0: False, 1: True}[more], lines(body[frames.TWO.size :])

    def close(self) -> None:
        self._file.close()
        self.socket.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def lines(data: bytes) -> list[bytes]:
    return data.split(b"\n") if data else []


def part_bytes(part: Reply) -> bytes:
    count = int.from_bytes(part.body[:COUNT_BYTES], "little")
    assert count == len(part.body) - COUNT_BYTES, "the byte count is what follows it"
    return part.body[COUNT_BYTES:]


def opened(name: bytes, reply: Reply) -> Opened:
    assert reply.kind == frames.OPEN, reply
    return Opened(name, *frames.TWO.unpack(reply.body), reply.worker)


def committed(reply: Reply) -> Committed:
    assert reply.kind == frames.COMMIT, reply
    success, size = frames.TWO.unpack(reply.body)
    return Committed({0: False, 1: True}[success], size)
