"""A worker's store without its process: driven by frames, over real files."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from struct import pack, unpack_from
from typing import NamedTuple

from everstore.engine.group_commit import GroupCommit
from everstore.engine.room import Room
from everstore.engine.store import Place, Store
from everstore.storage.directory import commit_logs
from everstore.storage.disk import Disk
from everstore.storage.journals import JournalFiles
from everstore.storage.records import Header
from everstore.storage.recovery import begin_log, boot_id, recover
from everstore.storage.trust import Trust
from everstore.wire.layouts import HEADER, MULTIPART, Type
from support.fakes.clock import FrozenClock
from support.fakes.disk import AbandonedDisk


class Answered(NamedTuple):
    """A reply: its request's UID, its type, its error code (0 for none), and the rest of its body."""

    uid: int
    kind: int
    code: int
    body: bytes


class Opened(NamedTuple):
    name: bytes
    size: int
    uid: int


class Embedded:
    """One store, recovered and ready. `ask` handles requests in one batch; the others are one request each."""

    def __init__(
        self,
        directory: Path,
        disk: Disk | None = None,
        durable: bool = True,
        lifetime_s: float = 60,
        logs: list[int] | None = None,
        run: int = 1,
    ) -> None:
        directory.joinpath(".everstore").mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.run = run
        self.clock = FrozenClock()
        self.disk = disk or AbandonedDisk(str(directory))
        replays = commit_logs(str(directory)) if logs is None else logs
        recovered = recover(self.disk, Trust(self.disk), replays)
        header = Header(recovered.epoch, workers=1, durable=durable, clean=False, boot=boot_id())
        room = Room(self.disk, partial(begin_log, self.disk, 1, replays, header, recovered.remembered))
        files = JournalFiles(self.disk, Trust(self.disk))
        group = GroupCommit(self.disk, files, room, durable)
        self.store = Store(Place(1, 1, run), self.disk, files, group, self.clock, lifetime_s, recovered.remembered)

    def ask(self, *requests: tuple[int, bytes], connection: int = 1) -> list[Answered]:
        """Handle (type, body) requests in one batch; their UIDs are their places in it."""
        self.store.begin(sum(len(body) for _, body in requests))
        for uid, (kind, body) in enumerate(requests):
            self.store.handle(connection, (kind, len(body), uid, 0, 1, body))
        answers = [reply if isinstance(reply, bytes) else b"".join(reply) for _, reply in self.store.commit()]
        return [_decode(answer) for answer in answers]

    def open(self, name: bytes, connection: int = 1) -> Opened:
        return opened(name, self.ask(opening(name), connection=connection)[0])

    def commit(self, on: Opened, types: bytes, events: bytes) -> Answered:
        return self.ask(committing(on, types, events))[0]

    def append(self, name: bytes, events: bytes) -> Answered:
        return self.commit(self.open(name), b"t", events)

    def read(self, name: bytes, offset: int = 0, size: int = 0xFFFFFFFF) -> Answered:
        return self.ask(reading(name, offset, size))[0]

    def text(self, name: bytes) -> bytes:
        """The journal's events, without timestamps."""
        answer = self.read(name)
        assert not answer.code, answer
        return answer.body[4:]


def opening(name: bytes) -> tuple[int, bytes]:
    return Type.NEW_TRANSACTION, pack("<I", len(name)) + name


def committing(on: Opened, types: bytes, events: bytes) -> tuple[int, bytes]:
    return Type.COMMIT, pack("<4I", len(on.name), len(types), len(events), on.uid) + on.name + types + events


def rolling_back(on: Opened) -> tuple[int, bytes]:
    return Type.ROLLBACK, pack("<2I", len(on.name), on.uid) + on.name


def reading(name: bytes, offset: int = 0, size: int = 0xFFFFFFFF) -> tuple[int, bytes]:
    return Type.READ, pack("<3I", len(name), offset, size) + name


def existing(name: bytes) -> tuple[int, bytes]:
    return Type.EXISTS, pack("<I", len(name)) + name


def listing(prefix: bytes = b"", after: bytes = b"", most: int = 1000) -> tuple[int, bytes]:
    return Type.LIST, pack("<3I", len(prefix), len(after), most) + prefix + after


def opened(name: bytes, answer: Answered) -> Opened:
    assert answer.kind == Type.NEW_TRANSACTION, answer
    return Opened(name, *unpack_from("<2I", answer.body))


def committed(answer: Answered) -> tuple[bool, int]:
    """(success, journal size)."""
    assert answer.kind == Type.COMMIT, answer
    success, size = unpack_from("<2I", answer.body)
    return bool(success), size


def _decode(reply: bytes) -> Answered:
    """A whole reply; the parts of a read are joined into one, unless an error ends them."""
    bodies: list[bytes] = []
    kinds: set[int] = set()
    at, goes_on = 0, 1
    uid = HEADER.unpack_from(reply)[2]
    while goes_on:
        kind, size, its_uid, properties, _ = HEADER.unpack_from(reply, at)
        assert its_uid == uid
        kinds.add(kind)
        bodies.append(reply[at + HEADER.size : at + HEADER.size + size])
        at, goes_on = at + HEADER.size + size, properties & MULTIPART
    assert at == len(reply)
    if kind == Type.ERROR:
        return Answered(uid, kind, unpack_from("<I", bodies[-1])[0], bodies[-1])
    assert kinds == {kind}
    if len(bodies) == 1:
        return Answered(uid, kind, 0, bodies[0])
    text = b"".join(body[4:] for body in bodies)
    return Answered(uid, kind, 0, pack("<I", len(text)) + text)
