"""Everstore's published protocol (version 1): a transaction is opened, and committed in a second request."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

from everstore.bench.driver import Failed
from everstore.bench.event import LINE, TYPE, journal, turn

USER, PASSWORD = b"admin", b"passwd"
_LOGIN, _OPEN, _COMMIT, _READ = 3, 4, 5, 7
_HEADER = struct.Struct("<5I")
_HELLO_BYTES = 3
_ANSWER = struct.Struct("<7I")
"""Opening and committing are answered by a header and two numbers; what is shorter is an error."""
_MULTIPART = 1
_WHOLE = 2**32 - 1


class Written(NamedTuple):
    """One transaction: to which journal, the types that it declares, and its events joined by newlines."""

    journal: bytes
    types: bytes
    events: bytes


def one_event(journals: int) -> Callable[[int], Written]:
    """Transactions of one event, to so many journals in turn."""
    return lambda operation: Written(journal(turn(operation, journals)), TYPE, LINE)


def connect(port: int) -> socket.socket:
    """A connection that has said its login. The server does not answer one that succeeds."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if len(connection.recv(_HELLO_BYTES, socket.MSG_WAITALL)) < _HELLO_BYTES:
        raise Failed("the server closed the connection")
    words = struct.pack("<2I", len(USER), len(PASSWORD)) + USER + PASSWORD
    connection.sendall(_HEADER.pack(_LOGIN, len(words), 0, 0, 0) + words)
    return connection


class Transactions:
    """`written(n)` is the n-th transaction. One that meets a conflict is tried again. `done` and `conflicts`
    count both."""

    def __init__(self, port: int, written: Callable[[int], Written], connections: int = 4) -> None:
        self._port = port
        self._connections = connections
        self.written = written
        self.conflicts = 0
        self.done = 0

    def connections(self, in_flight: int) -> int:
        return min(in_flight, self._connections)

    def connect(self) -> socket.socket:
        return connect(self._port)

    def conversation(self) -> _Committing:
        return _Committing(self)


class _Committing:
    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        return b"".join(map(self._begun, operations))

    def _begun(self, operation: int) -> bytes:
        name = self._transactions.written(operation).journal
        return _HEADER.pack(_OPEN, 4 + len(name), operation, 0, 0) + struct.pack("<I", len(name)) + name

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data if self._rest else data
        end = len(text) - len(text) % _ANSWER.size
        self._rest = text[end:]
        done, words = [], []
        for kind, _, operation, _, worker, first, second in _ANSWER.iter_unpack(memoryview(text)[:end]):
            if kind == _OPEN:
                words.append(self._commit(operation, worker, second))
            elif kind != _COMMIT:
                raise Failed(f"Everstore answered with error {first}")
            elif first:
                done.append(operation)
            else:
                self._transactions.conflicts += 1
                words.append(self._begun(operation))
        self._transactions.done += len(done)
        return done, b"".join(words)

    def _commit(self, operation: int, worker: int, transaction: int) -> bytes:
        name, types, events = self._transactions.written(operation)
        size = 16 + len(name) + len(types) + len(events)
        lengths = struct.pack("<4I", len(name), len(types), len(events), transaction)
        return b"".join((_HEADER.pack(_COMMIT, size, operation, 0, worker), lengths, name, types, events))


class Reads:
    """Each of the journals read whole."""

    def __init__(self, port: int, journals: Sequence[bytes], connections: int = 4) -> None:
        self._port = port
        self._journals = journals
        self._connections = connections
        self.read_bytes = 0

    def connections(self, in_flight: int) -> int:
        return min(in_flight, self._connections)

    def connect(self) -> socket.socket:
        return connect(self._port)

    def conversation(self) -> _Reading:
        return _Reading(self)

    def request(self, operation: int) -> bytes:
        name = self._journals[operation % len(self._journals)]
        words = struct.pack("<3I", len(name), 0, _WHOLE) + name
        return _HEADER.pack(_READ, len(words), operation, 0, 1) + words


class _Reading:
    """Parts are counted, not joined. Their headers may be torn; `_rest` is what came of the part that is not whole."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        return b"".join(map(self._reads.request, operations))

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data if self._rest else data
        done, at = [], 0
        while len(text) - at >= _HEADER.size:
            kind, size, operation, properties, _ = _HEADER.unpack_from(text, at)
            if kind != _READ:
                raise Failed(f"Everstore answered a read with type {kind}")
            if len(text) - at < _HEADER.size + size:
                break
            at += _HEADER.size + size
            self._reads.read_bytes += size - 4
            if not properties & _MULTIPART:
                done.append(operation)
        self._rest = text[at:]
        return done, b""
