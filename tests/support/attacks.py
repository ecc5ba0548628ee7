"""What hostile clients do, each in a process of its own, so that it takes no time of the test's: `attacking` runs one
beside the block.

    with attacking("silent", server.port) as attack:
        …                     # from here on it is in full swing
    attack.done               # how often it did what it does

`python -m support.attacks NAME PORT` attacks until its standard input ends.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import resource
import select
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from support import frames

SETTLED_S = 0.3
"""How long an attack that goes on and on is given before it counts as under way."""
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing resets the connection


class Attack:
    """`done`: how often it did what it does; known when it has ended."""

    def __init__(self, name: str, port: int) -> None:
        tests = str(Path(__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.attacks", name, str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": tests},
        )
        self.done = 0

    def until_under_way(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"under way\n"

    def end(self) -> None:
        out, _ = self._process.communicate(timeout=30)
        self.done = int(out.split()[-1])
        assert self._process.returncode == 0


@contextlib.contextmanager
def attacking(name: str, port: int) -> Iterator[Attack]:
    """Beside the block an attack is under way."""
    attack = Attack(name, port)
    try:
        attack.until_under_way()
        yield attack
    finally:
        attack.end()


def _raise_limit_of_files() -> int:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 20)


def _logged_in(port: int) -> socket.socket:
    sock = _connect(port)
    sock.sendall(frames.login())
    return sock


def _drained(sock: socket.socket) -> bool:
    """Take what is there; False when the other side has closed."""
    with contextlib.suppress(BlockingIOError):
        return bool(sock.recv(1 << 16, socket.MSG_DONTWAIT))
    return True


def _pause_for(rate: int) -> None:
    """Between two of so many things a second: what is measured is the server, not who gets the machine's processors."""
    time.sleep(1 / rate)


# -- the attacks: each yields after every thing that it has done


def silent(port: int) -> Iterator[None]:
    """As many sockets as the limits allow, up to 8,000; none says anything, and those that are closed are replaced."""
    most = min(8000, _raise_limit_of_files() - 100)
    held: list[socket.socket] = []
    for _ in range(most):
        held.append(_connect(port))
        yield
    while True:
        for place, sock in enumerate(held):
            with contextlib.suppress(ConnectionError):
                if _drained(sock):
                    continue
            sock.close()
            held[place] = _connect(port)
            _pause_for(1000)
            yield


def idle(port: int) -> Iterator[None]:
    """800 connections that log in and then say nothing."""
    held = []
    for _ in range(800):
        held.append(_logged_in(port))
        yield
    while True:
        time.sleep(0.05)
        yield


def dribbling(port: int) -> Iterator[None]:
    """400 connections that each send a byte a second of a request of a megabyte."""
    held = [_logged_in(port) for _ in range(400)]
    for sock in held:
        sock.sendall(frames.HEADER.pack(frames.COMMIT, 1_000_000, 1, 0, 1))
    while True:
        for number, sock in enumerate(held):
            with contextlib.suppress(OSError):
                sock.sendall(b"x")
            yield
            if number % 40 == 0:
                time.sleep(0.1)


def deaf(port: int) -> Iterator[None]:
    """Ten connections that ask for megabytes again and again, and read nothing."""
    held = [_logged_in(port) for _ in range(10)]
    for sock in held:
        sock.setblocking(False)
    request = frames.read(b"/large", 1, 0, 0xFFFFFFFF) + frames.exists(b"/none")
    while True:
        for sock in held:
            with contextlib.suppress(OSError):
                sock.send(request * 50)
            yield
        time.sleep(0.01)


def giants(port: int) -> Iterator[None]:
    """Claims of 4 GiB, with some of it sent: from strangers, from those logged in, and as lengths within a request."""
    huge = 0xFFFFFFFF
    claims = [
        frames.HEADER.pack(kind, huge, 1, 0, 1)
        for kind in (frames.LOGIN, frames.COMMIT, frames.READ, frames.OPEN, frames.STATUS, 999)
    ]
    claims += [
        frames.frame(frames.COMMIT, 1, frames.FOUR.pack(huge, huge, huge, huge) + b"/a", worker=1),
        frames.frame(frames.OPEN, 1, struct.pack("<I", huge) + b"/a"),
        frames.frame(frames.LIST, 1, frames.THREE.pack(huge, huge, huge)),
        frames.frame(frames.LOGIN, 1, frames.TWO.pack(huge, huge) + b"aa"),
    ]
    body = bytes(1 << 14)
    for number in itertools.count():
        with contextlib.suppress(OSError), _logged_in(port) if number % 2 else _connect(port) as sock:
            sock.sendall(claims[number // 2 % len(claims)])
            sock.settimeout(0.05)
            sock.sendall(body)
        _pause_for(1000)
        yield


def hoarding(port: int) -> Iterator[None]:
    """100 connections that send nearly all of the largest request, and no more; the closed ones are replaced."""
    size = 16 << 20
    piece = bytes(1 << 16)
    held: list[tuple[socket.socket, int]] = []

    def another() -> tuple[socket.socket, int]:
        sock = _logged_in(port)
        sock.sendall(frames.HEADER.pack(frames.COMMIT, size, 1, 0, 1))
        sock.setblocking(False)
        return sock, 0

    held = [another() for _ in range(100)]
    while True:
        busy = False
        for place, (sock, sent) in enumerate(held):
            try:
                if sent < size - (1 << 18):
                    held[place] = (sock, sent + sock.send(piece))
                    busy = True
                elif not _drained(sock):
                    raise ConnectionResetError
            except BlockingIOError:
                pass
            except ConnectionError:
                sock.close()
                held[place] = another()
            yield
        if not busy:
            time.sleep(0.01)


def wrong_logins(port: int) -> Iterator[None]:
    """Wrong passwords, nearly a thousand a second; nobody waits for the answer, or closes."""
    held: list[socket.socket] = []
    for number in itertools.count():
        with contextlib.suppress(OSError):
            sock = _connect(port)
            sock.sendall(frames.login(b"admin", b"%d" % number))
            held.append(sock)
        for each in held[:-300]:
            each.close()
        del held[:-300]
        _pause_for(1000)
        yield


def right_logins(port: int) -> Iterator[None]:
    """Nearly a thousand right logins a second, with requests in the same packet, and gone before the answer."""
    packet = frames.login() + frames.open_transaction(b"/attack") + frames.exists(b"/attack") * 20
    while True:
        with contextlib.suppress(OSError), _connect(port) as sock:
            sock.sendall(packet)
        _pause_for(1000)
        yield


def resets(port: int) -> Iterator[None]:
    """Requests cut off anywhere by a reset, up to two thousand a second."""
    source = random.Random(1)
    stream = frames.login() + b"".join(
        [
            frames.open_transaction(b"/r"),
            frames.commit(b"/r", 1, 1, b"", b"t " + b"x" * 5000),
            frames.read(b"/r", 1, 0, 9),
        ]
    )
    while True:
        with contextlib.suppress(OSError):
            sock = _connect(port)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            sock.sendall(stream[: source.randrange(len(stream))])
            sock.close()
        _pause_for(2000)
        yield


def churn(port: int) -> Iterator[None]:
    """Nearly two thousand connections a second that are closed as soon as they are open."""
    while True:
        with contextlib.suppress(OSError):
            _connect(port).close()
        _pause_for(2000)
        yield


ATTACKS: dict[str, Callable[[int], Iterator[None]]] = {
    each.__name__: each
    for each in (silent, idle, dribbling, deaf, giants, hoarding, wrong_logins, right_logins, resets, churn)
}


def main(name: str, port: int) -> None:
    ended = select.poll()
    ended.register(sys.stdin, select.POLLIN | select.POLLHUP)
    started = time.monotonic()
    under_way = False
    done = 0
    for done, _ in enumerate(ATTACKS[name](port), 1):
        if not under_way and time.monotonic() - started > SETTLED_S:
            under_way = True
            sys.stdout.write("under way\n")
            sys.stdout.flush()
        if done % 8 == 0 and ended.poll(0):
            break
    sys.stdout.write(f"{done}\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
