"""Everstore's native protocol: an append is one request, and appends to one worker that begin together share one."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable, Sequence
from zlib import crc32

from everstore.bench.dialects.everstore import Written, connect
from everstore.bench.driver import Failed

_NATIVE, _APPEND = 34, 35
_REVISION = 1
_HEADER = struct.Struct("<5I")
_HELLO = struct.Struct("<3IQ")
_APPENDS = struct.Struct("<16sQQI")
_LENGTHS = struct.Struct("<QQBHHHI")
_OUTCOME = struct.Struct("<IQQI")
_NO_CONDITION, _UNCHANGED = 0, 2
_CONFLICT = 7


class Appends:
    """`written(n)` is the n-th append. Those that are `conditional` depend on the types that they declare, since what
    this client has heard last of their journal; one that meets a conflict is tried again. `done` and `conflicts` count
    both."""

    def __init__(
        self, port: int, written: Callable[[int], Written], connections: int = 4, conditional: bool = False
    ) -> None:
        self._port = port
        self._connections = connections
        self.written = written
        self.conditional = conditional
        self.positions: dict[bytes, int] = {}
        self.workers, self.run = 1, 0
        self.done = self.conflicts = 0

    def connections(self, in_flight: int) -> int:
        return min(in_flight, self._connections)

    def connect(self) -> socket.socket:
        connection = connect(self._port)
        connection.sendall(_HEADER.pack(_NATIVE, 4, 0, 0, 0) + struct.pack("<I", _REVISION))
        answer = connection.recv(_HEADER.size + _HELLO.size, socket.MSG_WAITALL)
        if answer[:4] != _HEADER.pack(_NATIVE, 0, 0, 0, 0)[:4]:
            raise Failed("the server does not know the native requests")
        _, self.workers, _, self.run = _HELLO.unpack_from(answer, _HEADER.size)
        return connection

    def conversation(self) -> _Appending:
        return _Appending(self)


class _Sender:
    """Who appends to one worker: requests are answered in their order."""

    def __init__(self) -> None:
        self.client = os.urandom(16)
        self.sequence = self.answered = 1


class _Appending:
    def __init__(self, appends: Appends) -> None:
        self._appends = appends
        self._senders = [_Sender() for _ in range(appends.workers + 1)]
        self._under_way: dict[int, tuple[_Sender, list[int]]] = {}
        self._uid = 0
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        by_worker: dict[int, list[int]] = {}
        for operation in operations:
            name = self._appends.written(operation).journal
            by_worker.setdefault(_owner(name, self._appends.workers), []).append(operation)
        return b"".join(self._request(worker, begun) for worker, begun in by_worker.items())

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data if self._rest else data
        done: list[int] = []
        again: list[int] = []
        at = 0
        while len(text) - at >= _HEADER.size:
            kind, size, uid, _, _ = _HEADER.unpack_from(text, at)
            if kind != _APPEND:
                raise Failed(f"Everstore answered an append with type {kind}")
            if len(text) - at < _HEADER.size + size:
                break
            at += _HEADER.size + size
            self._heard(uid, text[at - size + 4 : at], done, again)
        self._rest = text[at:]
        self._appends.done += len(done)
        self._appends.conflicts += len(again)
        return done, self.begin(again)

    def _request(self, worker: int, operations: list[int]) -> bytes:
        sender = self._senders[worker]
        words = [_APPENDS.pack(sender.client, self._appends.run, sender.answered, len(operations))]
        condition = _UNCHANGED if self._appends.conditional else _NO_CONDITION
        for operation in operations:
            name, types, events = self._appends.written(operation)
            depends = types if condition else b""
            position = self._appends.positions.get(name, 0)
            lengths = len(name), len(types), len(depends), len(events)
            words += (_LENGTHS.pack(sender.sequence, position, condition, *lengths), name, types, depends, events)
            sender.sequence += 1
        body = b"".join(words)
        self._uid += 1
        self._under_way[self._uid] = sender, operations
        return _HEADER.pack(_APPEND, len(body), self._uid, 0, worker) + body

    def _heard(self, uid: int, outcomes: bytes, done: list[int], again: list[int]) -> None:
        sender, operations = self._under_way.pop(uid)
        sender.answered += len(operations)
        at = 0
        for operation in operations:
            code, position, _, text_bytes = _OUTCOME.unpack_from(outcomes, at)
            at += _OUTCOME.size + text_bytes
            if code not in (0, _CONFLICT):
                raise Failed(f"Everstore answered an append with error {code}")
            (again if code else done).append(operation)
            if self._appends.conditional:
                self._appends.positions[self._appends.written(operation).journal] = position


def _owner(name: bytes, workers: int) -> int:
    """The worker of a journal, from 1 on, as the protocol's document has it."""
    return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * workers >> 32) + 1
