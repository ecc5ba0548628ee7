"""Everstore's native protocol: an append is one request, and appends to one worker that begin together share one.

Each connection is a lane to one worker, and appends to that worker's journals only: they pass no other process.
"""

from __future__ import annotations

import os
import socket
import struct
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from zlib import crc32

from everstore.bench.dialects.everstore import Written, connect
from everstore.bench.driver import Failed

_NATIVE, _APPEND, _LANE = 34, 35, 37
_REVISION = 1
_HEADER = struct.Struct("<5I")
_HELLO = struct.Struct("<3IQ")
_APPENDS = struct.Struct("<16sQQI")
_LENGTHS = struct.Struct("<QQBHHHI")
_OUTCOME = struct.Struct("<IQQI")
_NO_CONDITION, _UNCHANGED = 0, 2
_CONFLICT = 7
_APART = 16


class Appends:
    """`written(n)` is the n-th append, and `written(n + cycle)` is to the same journal. Those that are `conditional`
    depend on the types that they declare, since what this client has heard last of their journal; one that meets a
    conflict is tried again. `done` and `conflicts` count both. `numbers`: by worker, those of a cycle to its journals;
    `lanes`: the worker of each connection so far.
    """

    def __init__(self, port: int, written: Callable[[int], Written], cycle: int, conditional: bool = False) -> None:
        self._port = port
        self._cycle = cycle
        self.lanes: list[int] = []
        self.written = written
        self.conditional = conditional
        self.positions: dict[bytes, int] = {}
        self.numbers: dict[int, array[int]] = {}
        self.run = 0
        self.done = self.conflicts = 0

    def connections(self, in_flight: int) -> int:
        with self._greeted():
            return min(in_flight, len(self.numbers))

    def connect(self) -> socket.socket:
        connection = self._greeted()
        worker = list(self.numbers)[len(self.lanes) % len(self.numbers)]
        with suppress(Failed):  # A worker has no more than so many lanes; then the supervisor stays in between.
            _ask(connection, _LANE, worker)
        self.lanes.append(worker)
        return connection

    def conversation(self) -> _Appending:
        return _Appending(self, self.lanes[-1])

    def _greeted(self) -> socket.socket:
        connection = connect(self._port)
        _, workers, _, self.run = _HELLO.unpack(_ask(connection, _NATIVE, _REVISION))
        if not self.numbers:
            for number in range(self._cycle):
                worker = _owner(self.written(number).journal, workers)
                self.numbers.setdefault(worker, array("I")).append(number)
        return connection


class _Appending:
    """`worker`: whose lane the connection is. Requests are answered in their order."""

    def __init__(self, appends: Appends, worker: int) -> None:
        self._appends = appends
        self._worker = worker
        self._numbers = appends.numbers[worker]
        self._next = count(_APART * len(appends.lanes))  # Connections of one worker are not to write the same at once.
        self._client = os.urandom(16)
        self._sequence = self._answered = 1
        self._under_way: dict[int, list[tuple[int, Written]]] = {}
        self._uid = 0
        self._rest = b""

    def begin(self, operations: Sequence[int]) -> bytes:
        cycle = len(self._numbers)
        begun = [self._appends.written(self._numbers[next(self._next) % cycle]) for _ in operations]
        return self._request(list(zip(operations, begun, strict=True)))

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        text = self._rest + data if self._rest else data
        done: list[int] = []
        again: list[tuple[int, Written]] = []
        at = 0
        while len(text) - at >= _HEADER.size:
            kind, size, uid, _, _ = _HEADER.unpack_from(text, at)
            if kind != _APPEND:
                raise Failed(f"Everstore answered an append with type {kind}")
            if len(text) - at < _HEADER.size + size:
                break
            at += _HEADER.size + size
            self._heard(self._under_way.pop(uid), text[at - size + 4 : at], done, again)
        self._rest = text[at:]
        self._appends.done += len(done)
        self._appends.conflicts += len(again)
        return done, self._request(again)

    def _request(self, wanted: list[tuple[int, Written]]) -> bytes:
        if not wanted:
            return b""
        words = [_APPENDS.pack(self._client, self._appends.run, self._answered, len(wanted))]
        condition = _UNCHANGED if self._appends.conditional else _NO_CONDITION
        for _, (name, types, events) in wanted:
            depends = types if condition else b""
            position = self._appends.positions.get(name, 0)
            lengths = len(name), len(types), len(depends), len(events)
            words += (_LENGTHS.pack(self._sequence, position, condition, *lengths), name, types, depends, events)
            self._sequence += 1
        body = b"".join(words)
        self._uid += 1
        self._under_way[self._uid] = wanted
        return _HEADER.pack(_APPEND, len(body), self._uid, 0, self._worker) + body

    def _heard(
        self, wanted: list[tuple[int, Written]], outcomes: bytes, done: list[int], again: list[tuple[int, Written]]
    ) -> None:
        self._answered += len(wanted)
        at = 0
        for each in wanted:
            code, position, _, text_bytes = _OUTCOME.unpack_from(outcomes, at)
            at += _OUTCOME.size + text_bytes
            if code == 0:
                done.append(each[0])
            elif code == _CONFLICT:
                again.append(each)
            else:
                raise Failed(f"Everstore answered an append with error {code}")
            if self._appends.conditional:
                self._appends.positions[each[1].journal] = position


def _ask(connection: socket.socket, kind: int, number: int) -> bytes:
    """The body of the answer to a request that is one number."""
    connection.sendall(_HEADER.pack(kind, 4, 0, 0, 0) + struct.pack("<I", number))
    answered, size, _, _, _ = _HEADER.unpack(connection.recv(_HEADER.size, socket.MSG_WAITALL))
    body = connection.recv(size, socket.MSG_WAITALL) if size else b""
    if answered != kind:
        raise Failed(f"Everstore answered a request of type {kind} with one of type {answered}")
    return body


def _owner(name: bytes, workers: int) -> int:
    """The worker of a journal, from 1 on, as the protocol's document has it."""
    return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * workers >> 32) + 1
