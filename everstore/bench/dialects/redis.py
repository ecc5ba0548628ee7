"""Redis' protocol: one XADD for an event, its stream being the journal."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Sequence

from everstore.bench.driver import Failed
from everstore.bench.event import DATA, TYPE, journal, turn


class Redis:
    """Events to so many streams in turn."""

    def __init__(self, port: int, journals: int) -> None:
        self._port = port
        self._requests = [_command(b"XADD", journal(number), b"*", TYPE, DATA) for number in range(journals)]

    def connections(self, in_flight: int) -> int:
        return min(in_flight, 4)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self._port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def conversation(self) -> _Conversation:
        return _Conversation(self._requests)


class _Conversation:
    """Answers come in the order of the requests, two lines each: a length, and the event's id."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = requests
        self._waiting: deque[int] = deque()
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        return b"".join(map(self._begun, operations))

    def _begun(self, operation: int) -> bytes:
        self._waiting.append(operation)
        return self._requests[turn(operation, len(self._requests))]

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data
        if text.startswith(b"-") or b"\r\n-" in text:
            raise Failed(f"Redis answered {text.decode()}")
        *lines, self._rest = text.split(b"\r\n")
        whole = len(lines) // 2
        if len(lines) % 2:
            self._rest = lines[-1] + b"\r\n" + self._rest
        return [self._waiting.popleft() for _ in range(whole)], b""


def _command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)
