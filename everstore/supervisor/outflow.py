"""Bytes on their way out through a non-blocking socket: sent at once as far as it takes them, the rest by a task when
it takes more.

Sending at once, from whatever task has the bytes, saves a switch to another task for nearly every reply.

Error handling: a broken socket is no error here. What cannot be sent is dropped, `broken` says so, and the socket is
shut down, so that its reader finds out.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import trio

from everstore.worker.tcp import Transport

_SEND_BYTES = 256 * 1024


class Outflow:
    """The sending side of one socket. `on_drained` is called whenever nothing is left over, `on_owed` with each change
    of what is owed.

    `owed` and `sent`: bytes that the socket has still to take, and that it has taken.
    """

    def __init__(
        self,
        sock: Transport,
        nursery: trio.Nursery,
        on_drained: Callable[[], object],
        on_owed: Callable[[int], object] = lambda _: None,
    ) -> None:
        self.owed = 0
        self.sent = 0
        self.broken = False
        self._sock = sock
        self._nursery = nursery
        self._on_drained = on_drained
        self._on_owed = on_owed
        self._waiting: list[bytes | memoryview] = []
        self._draining = False

    def send(self, data: bytes) -> None:
        """Send, or keep for later; never blocks."""
        if self.broken:
            return
        if self._draining:
            self._waiting.append(data)
            self._owe(len(data))
            return
        sent = self._try(data) if data else 0
        if sent < len(data):
            self._waiting.append(memoryview(data)[sent:])
            self._owe(len(data) - sent)
            self._draining = True
            self._nursery.start_soon(self._drain)
        else:
            self._on_drained()

    def _try(self, data: bytes | memoryview) -> int:
        try:
            sent = self._sock.send(data)
        except BlockingIOError:
            return 0
        except OSError:
            self._give_up()
            return len(data)
        self.sent += sent
        return sent

    def _give_up(self) -> None:
        """The socket takes nothing any more. Its reader, who may have heard nothing of that, finds it at its end."""
        self.abandon()
        with suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def abandon(self) -> None:
        """Nobody is there any more: what was not sent is dropped."""
        self.broken = True
        self._waiting.clear()
        self._owe(-self.owed)

    def _owe(self, more: int) -> None:
        self.owed += more
        self._on_owed(more)

    async def _drain(self) -> None:
        while self._waiting and not self.broken:
            waiting, self._waiting = self._waiting, []
            data = memoryview(waiting[0] if len(waiting) == 1 else b"".join(waiting))
            while data and not self.broken:
                try:
                    await trio.lowlevel.wait_writable(self._sock)
                except (trio.ClosedResourceError, ValueError):
                    self.abandon()
                    break
                except OSError:
                    self._give_up()
                    break
                sent = self._try(data[:_SEND_BYTES])
                data = data[sent:]
                self._owe(-min(sent, self.owed))
        self._draining = False
        self._on_drained()
