"""A client with the habits of the adapters published since 2015, so that what they rely on is tested:

- it ignores the size in a reply's header and takes the bytes that the type asks for;
- it keeps one parser for a request's UID while a read comes in parts, and a part that leaves it without any byte is
  the end, with no events;
- an error is type 1 and a number; nothing comes back for a login;
- event types are joined by a newline, and lengths are counted in characters, so only ASCII works;
- from each event's end it strips one newline or end marker.

It spreads its requests over six connections; those of one transaction stay on the connection that opened it.
"""

from __future__ import annotations

import itertools
import socket
import struct
from types import TracebackType
from typing import NamedTuple

CONNECTIONS = 6
TIMEOUT_S = 20.0


class Transaction(NamedTuple):
    name: str
    size: int
    uid: int
    worker: int
    connection: Connection


class ServerError(Exception):
    pass


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.stream = self.socket.makefile("rb")
        self.order = ">" if self._take(1) == b"\x01" else "<"
        self._take(1)  # the version is read and not looked at
        self.uids = itertools.count()
        self.reads: dict[int, tuple[bytes, list[str]]] = {}
        if self._take(1) == b"\x01":
            self.send(3, 0, [5, 6], "admin", "passwd")

    def send(self, kind: int, worker: int, numbers: list[int], *texts: str) -> int:
        uid = next(self.uids)
        body = struct.pack(f"{self.order}{len(numbers)}I", *numbers) + "".join(texts).encode()
        size = 4 * len(numbers) + sum(map(len, texts))
        self.socket.sendall(struct.pack(f"{self.order}5I", kind, size, uid, 0, worker) + body)
        return uid

    def open(self, name: str) -> int:
        return self.send(4, 0, [len(name)], name)

    def commit(self, on: Transaction, types: list[str], events: list[str]) -> int:
        joined, lines = "\n".join(types), "\n".join(events)
        return self.send(5, on.worker, [len(on.name), len(joined), len(lines), on.uid], on.name, joined, lines)

    def rollback(self, on: Transaction) -> int:
        return self.send(6, on.worker, [len(on.name), on.uid], on.name)

    def read(self, on: Transaction, offset: int = 0) -> int:
        return self.send(7, on.worker, [len(on.name), offset, on.size], on.name)

    def exists(self, name: str) -> int:
        return self.send(8, 0, [len(name)], name)

    def receive(self) -> tuple[int, int, object]:
        """(request UID, worker UID, what it says) of the next whole answer; a `ServerError` is returned, not raised."""
        while True:
            kind, _, uid, properties, worker = struct.unpack(f"{self.order}5I", self._take(20))
            if uid in self.reads or kind == 7:
                events = self._read_part(uid, bool(properties & 1))
                if events is None:
                    continue
                return uid, worker, events
            return uid, worker, self._parse(kind)

    def _parse(self, kind: int) -> object:
        if kind == 1:
            return ServerError(self._number())
        if kind == 4:
            return self._number(), self._number()
        if kind == 5:
            return self._number() != 0, self._number()
        assert kind in (6, 8), f"no parser for a reply of type {kind}"
        return self._take(1) == b"\x01"

    def _read_part(self, uid: int, more_follows: bool) -> list[str] | None:
        left, events = self.reads.pop(uid, (b"", []))
        data = left + self._take(self._number())
        if not data:
            return []
        *whole, left = data.split(b"\n")
        events += [line.decode() for line in whole]
        if more_follows:
            self.reads[uid] = (left, events)
            return None
        return [*events, left.removesuffix(b"\0").decode()] if left else events

    def _number(self) -> int:
        (number,) = struct.unpack(f"{self.order}I", self._take(4))
        assert isinstance(number, int)
        return number

    def _take(self, count: int) -> bytes:
        data = self.stream.read(count)
        assert len(data) == count, f"the connection ended, {count} bytes were due, {len(data)} came"
        return data

    def close(self) -> None:
        self.stream.close()
        self.socket.close()


class PublishedClient:
    def __init__(self, port: int) -> None:
        self.connections = [Connection(port) for _ in range(CONNECTIONS)]

    def open_all(self, names: list[str]) -> list[Transaction]:
        """All requests are sent before the first answer is read."""
        asked: dict[tuple[int, int], str] = {}
        for turn, name in enumerate(names):
            connection = turn % CONNECTIONS
            asked[connection, self.connections[connection].open(name)] = name
        found: dict[str, Transaction] = {}
        for turn in range(len(names)):
            number = turn % CONNECTIONS
            uid, worker, answer = self.connections[number].receive()
            assert isinstance(answer, tuple), answer
            name = asked.pop((number, uid))
            found[name] = Transaction(name, answer[0], answer[1], worker, self.connections[number])
        assert not asked
        return [found[name] for name in names]

    def answers(self, asked: list[tuple[Connection, int]]) -> list[object]:
        """The answers to (connection, UID) pairs, in the order asked, however they come."""
        came: dict[tuple[int, int], object] = {}
        for connection, _ in asked:
            uid, _, answer = connection.receive()
            came[id(connection), uid] = answer
        return [came[id(connection), uid] for connection, uid in asked]

    def __enter__(self) -> PublishedClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self.connections:
            connection.close()
