"""Stands between a client and a server, and cuts the connection in place of passing on an answer to appends."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO

from everstore_client.wire.layouts import APPEND, HEADER_BYTES, HELLO_BYTES, LITTLE


class CuttingProxy:
    """`cuts`: how many answers to appends are still to be lost. `requests`, `answers`: how many of them came."""

    def __init__(self, port: int, cuts: int = 0) -> None:
        self.cuts = cuts
        self.requests = self.answers = 0
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"everstore://127.0.0.1:{self.port}"

    def __enter__(self) -> CuttingProxy:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        for each in self._sockets:
            _cut(each)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            try:
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                _cut(client)
                continue
            self._sockets.append(server)
            for pump in (self._pass_on_requests, self._pass_on_answers):
                thread = threading.Thread(target=pump, args=(client, server))
                self._threads.append(thread)
                thread.start()

    def _pass_on_requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), client.makefile("rb") as stream:
            while frame := _frame(stream):
                self.requests += _is_append(frame)
                server.sendall(frame)
        _cut(server)

    def _pass_on_answers(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError), server.makefile("rb") as stream:
            client.sendall(stream.read(HELLO_BYTES))
            while frame := _frame(stream):
                self.answers += _is_append(frame)
                if _is_append(frame) and self.cuts:
                    self.cuts -= 1
                    break
                client.sendall(frame)
        _cut(client)
        _cut(server)


def _frame(stream: BinaryIO) -> bytes:
    header = stream.read(HEADER_BYTES)
    return header + stream.read(LITTLE.header.unpack(header)[1]) if len(header) == HEADER_BYTES else b""


def _is_append(frame: bytes) -> bool:
    return int(LITTLE.header.unpack_from(frame)[0]) == APPEND


def _cut(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
