"""PostgreSQL's protocol: one prepared INSERT for an event, a transaction of its own.

A connection does one transaction at a time, so there are as many of them as transactions in flight.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from everstore.bench.driver import Failed
from everstore.bench.event import DATA, TYPE, journal, turn

TABLE = (
    b"CREATE TABLE events (journal text, position bigint, type text NOT NULL, data text NOT NULL, "
    b"PRIMARY KEY (journal, position))"
)
_INSERT = b"INSERT INTO events VALUES ($1, $2, $3, $4)"
_READY = b"Z\0\0\0\5I"
_INSERTED = b"2\0\0\0\4" + b"C\0\0\0\x0fINSERT 0 1\0" + _READY
_BINARY_POSITION = struct.pack("!5H", 4, 0, 1, 0, 0)
_RUN = b"E" + struct.pack("!I", 9) + b"\0" + bytes(4) + b"S" + struct.pack("!I", 4)


class PostgreSql:
    """Events to so many journals in turn, each at its next position."""

    def __init__(self, port: int, user: str, journals: int) -> None:
        self._port = port
        self._user = user.encode()
        self._names = [_value(journal(number)) for number in range(journals)]
        self._positions = [0] * journals

    def connections(self, in_flight: int) -> int:
        return in_flight

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        words = b"\0\3\0\0user\0%s\0database\0postgres\0\0" % self._user
        _ask(connection, struct.pack("!I", 4 + len(words)) + words)
        return connection

    def make_table(self) -> None:
        """Raises Failed: the server refuses."""
        with self.connect() as connection:
            _ask(connection, _message(b"Q", TABLE + b"\0"))

    def conversation(self) -> _Conversation:
        return _Conversation(self._names, self._positions)


class _Conversation:
    def __init__(self, names: list[bytes], positions: list[int]) -> None:
        self._names = names
        self._positions = positions
        self._prepare = _message(b"P", b"\0" + _INSERT + b"\0\0\0")
        self._expected = b"1\0\0\0\4" + _INSERTED
        self._operation = 0
        self._received = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        return b"".join(map(self._begun, operations))

    def _begun(self, operation: int) -> bytes:
        number = turn(operation, len(self._names))
        position = self._positions[number]
        self._positions[number] += 1
        self._operation = operation
        prepare, self._prepare = self._prepare, b""
        values = self._names[number] + struct.pack("!Iq", 8, position) + _value(TYPE) + _value(DATA)
        return prepare + _message(b"B", b"\0\0" + _BINARY_POSITION + b"\0\4" + values + b"\0\0") + _RUN

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        self._received += data
        if self._received == self._expected:
            self._received, self._expected = b"", _INSERTED
            return [self._operation], b""
        if not self._expected.startswith(self._received):
            raise Failed(f"PostgreSQL answered {self._received.decode(errors='replace')}")
        return [], b""


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", 4 + len(body)) + body


def _value(text: bytes) -> bytes:
    return struct.pack("!I", len(text)) + text


def _ask(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    answer = b""
    while not answer.endswith(_READY):
        received = connection.recv(65_536)
        answer += received
        if not received or answer.startswith(b"E"):
            raise Failed(f"PostgreSQL answered {answer.decode(errors='replace')}")
