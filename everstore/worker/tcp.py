"""What the kernel knows and does about a client's connection beside sending and receiving."""

from __future__ import annotations

import fcntl
import socket
import struct
import termios
from contextlib import suppress
from typing import Protocol

from everstore import limits

_NUMBER = struct.Struct("i")
_KEEPALIVE = (
    ("TCP_KEEPIDLE", limits.KEEPALIVE_S_FIRST),
    ("TCP_KEEPINTVL", limits.KEEPALIVE_S_NEXT),
    ("TCP_KEEPCNT", limits.KEEPALIVE_TRIES),
)


class Transport(Protocol):
    """What the supervisor uses of a client's connection, all of it as a non-blocking socket does it."""

    def fileno(self) -> int: ...
    def recv(self, size: int, /) -> bytes: ...
    def send(self, data: bytes | memoryview, /) -> int: ...
    def shutdown(self, how: int, /) -> None: ...
    def close(self) -> None: ...


def prepare(sock: socket.socket) -> None:
    """Set up a connection that was just accepted: never blocking, small replies at once, and a peer whose machine is
    gone is found out.
    """
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _KEEPALIVE:
        if hasattr(socket, option):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def unread_bytes(sock: Transport) -> int:
    """What has arrived and was not received yet."""
    return _ask(sock, termios.FIONREAD)


def unacknowledged_bytes(sock: Transport) -> int:
    """What was sent and has not arrived at the peer's machine, as far as is known."""
    return _ask(sock, termios.TIOCOUTQ)


def _ask(sock: Transport, what: int) -> int:
    with suppress(OSError):
        return int(_NUMBER.unpack(fcntl.ioctl(sock, what, bytes(_NUMBER.size)))[0])
    return 0
