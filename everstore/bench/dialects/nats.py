"""NATS' protocol: one publication for an event, its subject being the journal, acknowledged by JetStream."""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence

from everstore.bench.driver import Failed
from everstore.bench.event import LINE, turn

STREAM = {"name": "events", "subjects": ["account.*"], "storage": "file", "num_replicas": 1}
_PING = b"PING"


class Nats:
    """Events to so many subjects in turn."""

    def __init__(self, port: int, journals: int) -> None:
        self._port = port
        self._subjects = [b"account.%d" % number for number in range(journals)]
        self._conversations = 0

    def connections(self, in_flight: int) -> int:
        return min(in_flight, 4)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _until(connection, b"\r\n")
        connection.sendall(b'CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n')
        _until(connection, b"PONG\r\n")
        return connection

    def make_stream(self) -> None:
        """Have the server keep what will be published.

        Raises:
            Failed: it refuses.
        """
        wanted = json.dumps(STREAM).encode()
        with self.connect() as connection:
            request = b"SUB made 1\r\nPUB $JS.API.STREAM.CREATE.events made %d\r\n%s\r\n" % (len(wanted), wanted)
            connection.sendall(request)
            if b'"error"' in (answer := _until(connection, b"}\r\n")):
                raise Failed(f"JetStream made no stream: {answer.decode()}")

    def conversation(self) -> _Conversation:
        self._conversations += 1
        return _Conversation(self._subjects, b"inbox%d." % self._conversations)


class _Conversation:
    """An acknowledgement is two lines, `MSG <inbox>.<operation> 1 <bytes>` and its JSON."""

    def __init__(self, subjects: list[bytes], inbox: bytes) -> None:
        self._subjects = subjects
        self._inbox = inbox
        self._hello = b"SUB %s* 1\r\n" % inbox
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        return b"".join(map(self._begun, operations))

    def _begun(self, operation: int) -> bytes:
        hello, self._hello = self._hello, b""
        subject = self._subjects[turn(operation, len(self._subjects))]
        return b"%sPUB %s %s%d %d\r\n%s\r\n" % (hello, subject, self._inbox, operation, len(LINE), LINE)

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data
        if b'"error"' in text or b"-ERR" in text:
            raise Failed(f"NATS answered {text.decode()}")
        *lines, self._rest = text.split(b"\r\n")
        # It asks whether the client lives: once in the first seconds, to know how far away it is.
        pings = lines.count(_PING)
        if pings:
            lines = [line for line in lines if line != _PING]
        if len(lines) % 2:
            self._rest = lines.pop() + b"\r\n" + self._rest
        start = len(b"MSG ") + len(self._inbox)
        return [int(line[start : line.index(b" ", start)]) for line in lines[::2]], pings * b"PONG\r\n"


def _until(connection: socket.socket, end: bytes) -> bytes:
    data = b""
    while not data.endswith(end):
        received = connection.recv(65_536)
        if not received:
            raise Failed("NATS closed the connection")
        data += received
    return data
