"""One server for the tests that leave it whole, one of its own for each test that does not, and both event loops."""

from __future__ import annotations

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.server import RunningServer

from everstore_client.wire.layouts import AUTHENTICATE, ERROR, LITTLE, MULTIPART, READ

VECTORS = Path(__file__).parent / "vectors"
PATIENCE_S = 30.0
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("shared") / "journals") as server:
        yield server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that the test may kill."""
    with RunningServer(tmp_path / "journals") as server:
        yield server


@pytest.fixture
def url(shared_server: RunningServer) -> str:
    return f"everstore://admin:passwd@127.0.0.1:{shared_server.port}"


@pytest.fixture
def journal() -> str:
    """A journal that no other test uses."""
    return f"/test/{next(numbers)}"


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run an async function under each of the two event loops."""

    def run_it(function: Callable[..., Any], *arguments: Any) -> Any:
        return anyio.run(function, *arguments, backend=request.param)

    return run_it


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for what another thread or process brings about, and fail when it never comes."""

    def wait(is_true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not is_true():
            assert time.monotonic() < deadline, "it never came true"
            time.sleep(0)

    return wait


class SilentServer:
    """A listener that greets, refuses every login, answers what it has an answer for, and is silent about the rest.

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
            connection.sendall(self.hello)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection.makefile("rb") as stream:
            while header := self._read(stream, LITTLE.header.size):
                kind, size, uid, _, _ = LITTLE.header.unpack(header)
                stream.read(size)
                if kind == AUTHENTICATE:
                    connection.sendall(LITTLE.header.pack(ERROR, 4, uid, 0, 0) + LITTLE.pack(2))
                elif kind == READ and self.breaks_off_reads:
                    self._reply(connection, kind, uid, self.answers[kind], MULTIPART)
                    connection.shutdown(socket.SHUT_RDWR)
                elif kind in self.answers:
                    self._reply(connection, kind, uid, self.answers[kind])
                else:
                    self._held.append((connection, kind, uid))
                self.heard.append(kind)

    def _read(self, stream: Any, count: int) -> bytes:
        try:
            data: bytes = stream.read(count)
        except OSError:
            return b""
        return data if len(data) == count else b""

    def _reply(self, connection: socket.socket, kind: int, uid: int, body: bytes, properties: int = 0) -> None:
        connection.sendall(LITTLE.header.pack(kind, len(body), uid, properties, 1) + body)


@pytest.fixture
def silent_server() -> Iterator[Callable[..., SilentServer]]:
    """Makes a `SilentServer`; without a hello it is silent from the start."""
    started: list[SilentServer] = []

    def start(hello: bytes = b"\0\1\0", answers: dict[int, bytes] | None = None) -> SilentServer:
        started.append(SilentServer(hello, answers or {}))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())
    return found


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `request_vector` or `reply_vector` runs once for each of them."""
    for fixture, file in (("request_vector", "requests"), ("reply_vector", "replies")):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, vectors(file), ids=lambda vector: vector["name"])
