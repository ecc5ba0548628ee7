"""A client: logs in, sends requests in rounds, some at once, and writes down what it heard."""

from __future__ import annotations

import struct
from collections import deque
from contextlib import suppress

import trio
from simulation.appends import Appending, Sent
from simulation.clockwork import Clockwork
from simulation.history import CONFLICT, REFUSED, Commit, History, Read
from simulation.network import Listener, Socket, wait_readable, wait_writable
from support import frames
from support.frames import COMMIT, ERROR, HEADER, LIST, MULTIPART, OPEN, READ, Reply

TYPES = [b"a", b"b", b"c", b"d"]
HOGGED = 30


class Gone(Exception):
    """The connection broke: what was asked is unknown."""


class Client:
    """`rounds` is how many it has left; they outlive its connections. `number` tells it from others to servers."""

    def __init__(
        self, clockwork: Clockwork, history: History, names: list[bytes], rounds: int, number: int = 0
    ) -> None:
        self.rounds = rounds
        self.socket: Socket | None = None
        self._clockwork = clockwork
        self._chance = clockwork.chance
        self._history = history
        self._names = names
        self._uid = 0
        self._open: list[tuple[bytes, int, int, int]] = []
        self._appending = Appending(number, history)

    async def live(self, listener: Listener) -> None:
        """Until its rounds are done, or nobody takes connections any more."""
        while self.rounds > 0 and not listener.closed:
            try:
                await self._log_in(listener)
                while self.rounds > 0:
                    await self._round()
                    self.rounds -= 1
                self.socket.close()
            except (Gone, OSError, trio.ClosedResourceError):
                await trio.sleep(0.05)

    def vanish(self) -> None:
        """Its machine falls silent. Somebody else goes on in its place."""
        if self.socket is not None:
            self.socket.fall_silent()
            self.socket.reset()

    async def hog(self, listener: Listener) -> None:
        """Ask for everything again and again, and never read a byte of it."""
        while not listener.closed:
            sock = self.socket = listener.connect(0.0, 700)
            with suppress(OSError, trio.ClosedResourceError):
                await self._send(frames.login())
                for uid in range(HOGGED):
                    await self._send(frames.read(self._chance.choice(self._names), 1, 0, 0xFFFFFFFF, uid=uid))
                await trio.sleep(self._chance.random() * 60)
            sock.close()
            await trio.sleep(0.05)

    async def read_all(self, listener: Listener) -> None:
        """Read every journal, until an answer has come: a journal that was in doubt is whole from then on."""
        await self._log_in(listener)
        for uid, name in enumerate(self._names):
            size, era = self._history.sizes.get(name, 0), self._history.era
            request = frames.read(name, 1, 0, 0xFFFFFFFF, uid=uid)
            while (found := (await self._ask([request], [name]))[0])[-1].kind == ERROR:
                await trio.sleep(0.1)  # Its worker is down, or just died.
            self._heard(name, READ, found, size, era)
        self.socket.close()

    async def _log_in(self, listener: Listener) -> None:
        self.socket = listener.connect(self._chance.choice((0.0, 0.001, 0.05)), self._chance.choice((700, 65_536)))
        self._inbox = bytearray()
        self._open.clear()
        await self._take(3)
        await self._send(frames.login() + frames.native(uid=0))
        self._appending.hello(await self._reply())

    async def _round(self) -> None:
        asked = [self._request() for _ in range(self._chance.choice((1, 1, 2, 5)))]
        started = {name: self._history.sizes.get(name, 0) for name in self._names}
        era = self._history.era
        try:
            replies = await self._ask([frame for _, frame, _ in asked], [name for name, _, _ in asked])
        except BaseException:
            for _, _, about in asked:
                if isinstance(about, Sent):
                    self._appending.lost(about)
            raise
        for (name, _, about), found in zip(asked, replies, strict=True):
            self._heard(name, about, found, started.get(name, 0), era)
        if self._chance.random() < 0.3:
            await trio.sleep(self._chance.random() * 0.1)

    def _request(self) -> tuple[bytes, bytes, object]:
        """(journal, frame, what it is about)."""
        self._uid += 1
        name, uid, what = self._chance.choice(self._names), self._uid, self._chance.random()
        if what < 0.4 and self._open:
            name, transaction, opened_at, worker = self._open.pop(self._chance.randrange(len(self._open)))
            if what < 0.03:
                return name, frames.rollback(name, worker, transaction, uid), None
            types = frozenset(self._chance.sample(TYPES, self._chance.choice((1, 1, 2))))
            sizes = [self._chance.choice((5, 50, 400, 1500)) for _ in range(self._chance.choice((1, 1, 2, 3)))]
            commit = self._history.begin(name, types, [b"x" * size for size in sizes], opened_at)
            return name, frames.commit(name, worker, transaction, b",".join(sorted(types)), commit.events, uid), commit
        if 0.4 <= what < 0.5:
            sent = self._append(name)
            return sent.commit.name, self._appending.frame(sent, uid), sent
        if what < 0.8:
            return name, frames.open_transaction(name, uid), OPEN
        if what < 0.92:
            return name, frames.read(name, 1, 0, 0xFFFFFFFF, uid=uid), READ
        if what < 0.97:
            return name, frames.exists(name, uid), frames.EXISTS
        return b"", frames.list_journals(uid=uid), LIST

    def _append(self, name: bytes) -> Sent:
        """One that is to come again, or a new one."""
        now = self._clockwork.now()
        again = self._appending.unknown(now)
        if again is not None:
            return again
        types = frozenset(self._chance.sample(TYPES, self._chance.choice((1, 1, 2))))
        conditional = self._chance.random() < 0.7
        opened_at = self._history.sizes.get(name, 0) if conditional else 0
        commit = self._history.begin(name, types, [b"x" * self._chance.choice((5, 50, 400))], opened_at)
        commit.native, commit.conditional = True, conditional
        return self._appending.new(commit, conditional, now)

    def _heard(self, name: bytes, about: object, found: list[Reply], size: int, era: int) -> None:
        reply = found[0]
        self._history.answers += 1
        if isinstance(about, Sent):
            self._appending.heard(about, reply)
        elif isinstance(about, Commit):
            self._heard_of_commit(about, reply)
        elif found[-1].kind == ERROR:
            return
        elif about == OPEN:
            opened_at, transaction = struct.unpack("<2I", reply.body)
            self._open.append((name, transaction, opened_at, reply.worker))
            if opened_at < size:
                self._history.complain(f"{name!r}: opened at {opened_at}, though {size} was acknowledged", name)
        elif about == READ:
            text = b"".join(part.body[4:] for part in found)
            self._history.reads.append(Read(name, text, era))
            if len(text) + 24 * (text.count(b"\n") + 1) + 1 < size:
                self._history.complain(f"{name!r}: a read misses what was acknowledged before it", name)
            if len(found) > 1 and not all(part.body[4:] for part in found):
                self._history.complain(f"{name!r}: a part of a read is empty")
        elif about == frames.EXISTS and size and reply.body != b"\1":
            self._history.complain(f"{name!r}: does not exist, though {size} bytes were acknowledged", name)

    def _heard_of_commit(self, commit: Commit, reply: Reply) -> None:
        if reply.kind == COMMIT:
            success, size = struct.unpack("<2I", reply.body)
            if success:
                self._history.acknowledge(commit, size)
            else:
                commit.outcome, commit.size = CONFLICT, size
        elif reply.code != 1:
            commit.outcome = REFUSED

    async def _ask(self, requests: list[bytes], names: list[bytes]) -> list[list[Reply]]:
        """Send them all at once; exactly one answer each must come, in order for each journal."""
        uids = [HEADER.unpack_from(each)[2] for each in requests]
        waiting: dict[bytes, deque[int]] = {}
        for name, uid in zip(names, uids, strict=True):
            waiting.setdefault(name, deque()).append(uid)
        of = dict(zip(uids, names, strict=True))
        answers: dict[int, list[Reply]] = {uid: [] for uid in uids}
        await self._send(b"".join(requests))
        left = len(uids)
        while left:
            reply = await self._reply()
            name = of.get(reply.uid)
            if name is None or not waiting[name] or waiting[name][0] != reply.uid:
                self._history.complain(f"an answer out of order, or to nothing: {reply.kind} {reply.uid}")
                raise Gone
            answers[reply.uid].append(reply)
            if not reply.properties & MULTIPART:
                waiting[name].popleft()
                left -= 1
        return [answers[uid] for uid in uids]

    async def _reply(self) -> Reply:
        head = HEADER.unpack(await self._take(HEADER.size))
        return Reply(*head, await self._take(head[1]))

    async def _take(self, count: int) -> bytes:
        assert self.socket is not None
        while len(self._inbox) < count:
            await wait_readable(self.socket)
            data = self.socket.recv(65_536)
            if not data:
                raise Gone
            self._inbox += data
        data = bytes(self._inbox[:count])
        del self._inbox[:count]
        return data

    async def _send(self, data: bytes) -> None:
        assert self.socket is not None
        while data:
            await wait_writable(self.socket)
            data = data[self.socket.send(data) :]
