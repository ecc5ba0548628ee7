"""Put in front of a real server as `sitecustomize`: calls on sockets and processes fail as the test says, while the
server runs, by a page of memory that both have mapped.

The page: role, call, use, error (its number, -1 for a short count), 1 for "for ever"; at its end, whether it has
struck. The pauses after workers that die young are left out.
"""

from __future__ import annotations

import mmap
import os
import select
import socket
from collections.abc import Callable
from typing import Any

import trio

from everstore import limits

STRUCK = 200
SHORT = -1
_PAGE = mmap.mmap(os.open(os.environ["EVERSTORE_TEST_FAULTS"], os.O_RDWR), STRUCK + 1)
_SUPERVISOR = os.getpid()
_FAMILIES = {socket.AF_INET: "inet", socket.AF_UNIX: "unix"}

limits.WORKER_YOUNG_S = 0.0


class _Order:
    """What the page says, and how many uses of the call this process has seen since."""

    text = b""
    uses = 0


def _strikes(call: str) -> int:
    """The error with which this use of the call is to fail, or 0."""
    text = _PAGE[:STRUCK].rstrip(b"\0")
    if text != _Order.text:
        _Order.text, _Order.uses = text, 0
    if not text:
        return 0
    _, role, its_call, use, error, for_ever = text.decode().split()
    if its_call != call or (role == "supervisor") != (os.getpid() == _SUPERVISOR):
        return 0
    _Order.uses += 1
    if _Order.uses == int(use) or (for_ever == "1" and _Order.uses > int(use)):
        _PAGE[STRUCK] = 1
        return int(error)
    return 0


def _fail(call: str) -> int:
    """Raise what is ordered; returns SHORT for a short count, or 0."""
    error = _strikes(call)
    if error > 0:
        raise OSError(error, os.strerror(error))
    return error


def _of_a_socket(name: str) -> Callable[..., Any]:
    right = getattr(socket.socket, name)

    def meddled(self: socket.socket, *arguments: Any) -> Any:
        short = _fail(f"{_FAMILIES.get(self.family, 'other')}.{name}")
        if short and name == "recv":
            arguments = (1, *arguments[1:])
        elif short:
            arguments = (arguments[0][: max(1, len(arguments[0]) // 2)],)
        return right(self, *arguments)

    return meddled


def _of_a_module(module: Any, name: str) -> Callable[..., Any]:
    right = getattr(module, name)

    def meddled(*arguments: Any, **named: Any) -> Any:
        _fail(name)
        return right(*arguments, **named)

    return meddled


def _of_trio(name: str) -> Callable[..., Any]:
    right = getattr(trio.lowlevel, name)

    async def meddled(sock: Any) -> None:
        _fail(name)
        await right(sock)

    return meddled


class _Poll:
    def __init__(self) -> None:
        self._right = _right_poll()
        self.register = self._right.register

    def poll(self, timeout: float | None = None) -> Any:
        _fail("poll")
        return self._right.poll(timeout)


_right_poll = select.poll
for _name in ("accept", "recv", "send", "sendall", "setsockopt", "setblocking", "shutdown"):
    setattr(socket.socket, _name, _of_a_socket(_name))
for _module, _name in ((socket, "socketpair"), (os, "fork"), (os, "waitpid")):
    setattr(_module, _name, _of_a_module(_module, _name))
for _name in ("wait_readable", "wait_writable"):
    setattr(trio.lowlevel, _name, _of_trio(_name))
select.poll = _Poll  # type: ignore[assignment, misc]
