"""Requests as bytes, and replies, written from the protocol's document alone: no code is shared with what is tested.

A request function returns one whole frame. `Reply` is one received frame; `Refused` is an error where the caller wanted
an answer.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

ERROR, LOGIN, OPEN, COMMIT, ROLLBACK, READ, EXISTS, STATUS, LIST = 1, 3, 4, 5, 6, 7, 8, 32, 33
MULTIPART, TIMESTAMPS = 1, 4
BODY_BYTES_MAX = 65_536  # of a reply; a longer read is sent in parts
COUNT_BYTES = 4  # the byte count in front of a part's bytes
PART_BYTES_MAX = BODY_BYTES_MAX - COUNT_BYTES

HEADER = struct.Struct("<5I")
TWO = struct.Struct("<2I")
THREE = struct.Struct("<3I")
FOUR = struct.Struct("<4I")


class Reply(NamedTuple):
    kind: int
    size: int
    uid: int
    properties: int
    worker: int
    body: bytes

    @property
    def code(self) -> int:
        """The error code; asking a reply that is no error for it is the test's failure."""
        assert self.kind == ERROR, f"no error: {self}"
        assert len(self.body) == 4, f"an error's body is its code: {self}"
        return int.from_bytes(self.body, "little")


class Refused(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(f"error {code}")
        self.code = code


def frame(kind: int, uid: int = 0, body: bytes = b"", properties: int = 0, worker: int = 0) -> bytes:
    return HEADER.pack(kind, len(body), uid, properties, worker) + body


def login(user: bytes = b"admin", password: bytes = b"passwd", uid: int = 0) -> bytes:
    return frame(LOGIN, uid, TWO.pack(len(user), len(password)) + user + password)


def open_transaction(name: bytes, uid: int = 0) -> bytes:
    return frame(OPEN, uid, struct.pack("<I", len(name)) + name)


def commit(name: bytes, worker: int, transaction: int, types: bytes, events: bytes, uid: int = 0) -> bytes:
    lengths = FOUR.pack(len(name), len(types), len(events), transaction)
    return frame(COMMIT, uid, lengths + name + types + events, worker=worker)


def rollback(name: bytes, worker: int, transaction: int, uid: int = 0) -> bytes:
    return frame(ROLLBACK, uid, TWO.pack(len(name), transaction) + name, worker=worker)


def read(name: bytes, worker: int, offset: int, size: int, properties: int = 0, uid: int = 0) -> bytes:
    return frame(READ, uid, THREE.pack(len(name), offset, size) + name, properties, worker)


def exists(name: bytes, uid: int = 0) -> bytes:
    return frame(EXISTS, uid, struct.pack("<I", len(name)) + name)


def status(worker: int = 0, uid: int = 0) -> bytes:
    return frame(STATUS, uid, worker=worker)


def list_journals(prefix: bytes = b"", after: bytes = b"", most: int = 1000, uid: int = 0) -> bytes:
    return frame(LIST, uid, THREE.pack(len(prefix), len(after), most) + prefix + after)


NATIVE, APPEND, FETCH, LANE = 34, 35, 36, 37


def native(uid: int = 0, revision: int = 1) -> bytes:
    return frame(NATIVE, uid, struct.pack("<I", revision))


def append(
    name: bytes,
    events: bytes,
    worker: int,
    sequence: int,
    run: int = 0,
    client: bytes = bytes(15) + b"\1",
    condition: int = 0,
    position: int = 0,
    declares: bytes = b"",
    depends: bytes = b"",
    uid: int = 0,
) -> bytes:
    """A request with one append."""
    lengths = len(name), len(declares), len(depends), len(events)
    one = struct.pack("<QQBHHHI", sequence, position, condition, *lengths) + name + declares + depends + events
    return frame(APPEND, uid, client + struct.pack("<QQI", run, 0, 1) + one, worker=worker)


def lane(worker: int, uid: int = 0) -> bytes:
    return frame(LANE, uid, struct.pack("<I", worker))


def fetch(name: bytes, start: int = 0, uid: int = 0) -> bytes:
    """A request for all events from a position on."""
    return frame(FETCH, uid, struct.pack("<IIQQBB", len(name), 0, start, 2**64 - 1, 0, 0) + name)
