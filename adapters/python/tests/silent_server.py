"""A server that falls silent, which a sound one cannot be made to do on cue."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from everstore_client.wire.layouts import AUTHENTICATE, ERROR, LITTLE, MULTIPART, NATIVE, READ

_REFUSED = {AUTHENTICATE: 2, NATIVE: 1}


class SilentServer:
    """A listener that greets, refuses every login, answers what it has an answer for, and is silent about the rest. It
    knows version 1 only.

    `answers` are bodies of replies by type. What it is silent about is answered by `release`.
    """

    def __init__(self, hello: bytes, answers: dict[int, bytes]) -> None:
        self.answers = {8: b"\0", **answers}
        self.heard: list[int] = []
        self.hello = hello
        self.breaks_off_reads = False
        self.accepted: list[socket.socket] = []
        self._held: list[tuple[socket.socket, int, int]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"everstore://127.0.0.1:{self._listener.getsockname()[1]}"

    def release(self, body: bytes) -> None:
        """Answer, late, everything that was met with silence."""
        while self._held:
            self._reply(*self._held.pop(), body)

    def hang_up(self) -> None:
        for each in self.accepted:
            each.shutdown(socket.SHUT_RDWR)

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in self.accepted:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self.accepted):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted.append(connection)
            self._send(connection, self.hello)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while header := self._read(stream, LITTLE.header.size):
                kind, size, uid, _, _ = LITTLE.header.unpack(header)
                stream.read(size)
                answer = self.answers.get(kind)
                if answer is None and kind not in _REFUSED:
                    self._held.append((connection, kind, uid))
                # Before it is answered, since whoever has the answer may look here at once.
                self.heard.append(kind)
                if kind in _REFUSED:
                    self._send(connection, LITTLE.header.pack(ERROR, 4, uid, 0, 0) + LITTLE.pack(_REFUSED[kind]))
                elif answer is not None and kind == READ and self.breaks_off_reads:
                    self._reply(connection, kind, uid, answer, MULTIPART)
                    connection.shutdown(socket.SHUT_RDWR)
                elif answer is not None:
                    self._reply(connection, kind, uid, answer)

    def _read(self, stream: Any, count: int) -> bytes:
        try:
            data: bytes = stream.read(count)
        except OSError:
            return b""
        return data if len(data) == count else b""

    def _reply(self, connection: socket.socket, kind: int, uid: int, body: bytes, properties: int = 0) -> None:
        self._send(connection, LITTLE.header.pack(kind, len(body), uid, properties, 1) + body)

    def _send(self, connection: socket.socket, data: bytes) -> None:
        # A client may leave while it is spoken to; what it makes of that is for the tests to look at, not for us.
        with suppress(OSError):
            connection.sendall(data)
