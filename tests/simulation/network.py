"""Sockets in memory: bytes take time, come in pieces cut anywhere, fill bounded buffers, and connections break."""

from __future__ import annotations

from collections import deque

import trio
from simulation.clockwork import Clockwork

from everstore import limits

KEEPALIVE_S = limits.KEEPALIVE_S_FIRST + limits.KEEPALIVE_S_NEXT * limits.KEEPALIVE_TRIES


class Socket:
    """One end. `inbox` has arrived, `under_way` has not; together they are bounded by `room`."""

    def __init__(self, clockwork: Clockwork, delay_s: float = 0.0, room: int = 65_536) -> None:
        self.peer: Socket | None = None
        self.inbox = bytearray()
        self.under_way = 0
        self.ended = False
        self.broken = False
        self.closed = False
        self.silent = False
        self.on_change = trio.lowlevel.ParkingLot()
        self.call_on_change = lambda: None
        self._clockwork = clockwork
        self._delay_s = delay_s
        self._room = room
        self._latest = 0.0
        self._shut = False

    def readable(self) -> bool:
        return bool(self.inbox) or self.ended or self.broken

    def writable(self) -> bool:
        return self.broken or self.peer is None or self.peer.closed or self.peer.free() > 0

    def free(self) -> int:
        return self._room - len(self.inbox) - self.under_way

    def send(self, data: bytes | memoryview) -> int:
        self._check()
        if self.peer is None or self.peer.closed or self._shut:
            raise BrokenPipeError
        taken = min(len(data), self.peer.free())
        if taken <= 0:
            raise BlockingIOError
        self.peer.under_way += taken
        rest = bytes(data[:taken])
        while rest:
            cut = self._clockwork.chance.randint(1, len(rest)) if self._clockwork.chance.random() < 0.1 else len(rest)
            self._pass_on(rest[:cut])
            rest = rest[cut:]
        return taken

    def _pass_on(self, piece: bytes) -> None:
        """To the peer, after a while, behind all that was sent before. An empty piece is the end."""
        assert self.peer is not None
        if not self._delay_s:
            self.peer.arrive(piece)
            return
        now = self._clockwork.now()
        self._latest = max(self._latest, now + self._clockwork.chance.random() * self._delay_s)
        self._clockwork.later(self._latest - now, lambda peer=self.peer: peer.arrive(piece))

    def arrive(self, piece: bytes) -> None:
        if self.silent:
            return  # It is on its way for ever.
        self.under_way -= len(piece)
        if not self.broken and not self.closed:
            self.inbox += piece
            self.ended = self.ended or not piece
        self.changed()

    def recv(self, count: int, _flags: int = 0) -> bytes:
        self._check()
        if not self.inbox:
            if self.ended:
                return b""
            raise BlockingIOError
        if self._clockwork.chance.random() < 0.05:
            count = self._clockwork.chance.randint(1, count)
        data = bytes(self.inbox[:count])
        del self.inbox[:count]
        if self.peer is not None:
            self.peer.changed()
        return data

    def shutdown(self, _how: int) -> None:
        self._check()
        if not self._shut and self.peer is not None and not self.peer.closed:
            self._shut = True
            self._pass_on(b"")

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        if self.peer is not None and not self.peer.closed:
            if self.inbox:
                self.peer.reset()
            elif not self._shut:
                self._shut = True
                self._pass_on(b"")
            self.peer.changed()
        self.changed()

    def reset(self) -> None:
        """The connection breaks: what was under way is lost, and the next call says so."""
        if not self.closed:
            self.broken = True
            self.inbox.clear()
            self.changed()

    def fall_silent(self) -> None:
        """This end's machine is gone without a word. The other end's kernel finds out, after a while."""
        self.silent = True
        if self.peer is not None:
            self.peer.silent = True
            self._clockwork.later(KEEPALIVE_S, self.peer.reset)

    def changed(self) -> None:
        self.on_change.unpark_all()
        self.call_on_change()

    def _check(self) -> None:
        if self.closed:
            raise OSError("closed")
        if self.broken:
            raise ConnectionResetError

    def unsent_bytes(self) -> int:
        return 0 if self.broken or self.peer is None or self.peer.closed else self.peer.under_way

    def setblocking(self, _flag: bool) -> None: ...

    def setsockopt(self, *_: object) -> None: ...


def pair(clockwork: Clockwork, delay_s: float = 0.0, room: int = 65_536) -> tuple[Socket, Socket]:
    one, other = Socket(clockwork, delay_s, room), Socket(clockwork, delay_s, room)
    one.peer, other.peer = other, one
    return one, other


class Listener(Socket):
    """Where clients come in."""

    def __init__(self, clockwork: Clockwork) -> None:
        super().__init__(clockwork)
        self._waiting: deque[Socket] = deque()

    def readable(self) -> bool:
        return bool(self._waiting)

    def connect(self, delay_s: float, room: int) -> Socket:
        if self.closed:
            raise ConnectionRefusedError
        ours, theirs = pair(self._clockwork, delay_s, room)
        self._waiting.append(theirs)
        self.changed()
        return ours

    def accept(self) -> tuple[Socket, tuple[str, int]]:
        if not self._waiting:
            raise BlockingIOError
        return self._waiting.popleft(), ("127.0.0.1", 1)

    def getsockname(self) -> tuple[str, int]:
        return "simulated", 6929

    def close(self) -> None:
        super().close()
        for each in self._waiting:
            each.close()


async def wait_readable(sock: Socket) -> None:
    await _wait(sock, sock.readable)


async def wait_writable(sock: Socket) -> None:
    await _wait(sock, sock.writable)


async def _wait(sock: Socket, ready) -> None:
    await trio.lowlevel.checkpoint()
    while True:
        if sock.closed:
            raise trio.ClosedResourceError
        if ready():
            return
        await sock.on_change.park()
