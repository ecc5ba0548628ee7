"""One server for the tests that leave it whole, one of its own for each test that does not, and both event loops."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.server import RunningServer
from support.version_1 import server_of_version_1

from everstore_client import connect

from .silent_server import SilentServer

CONTRACT = Path(__file__).parents[2] / "contract"
VECTORS: dict[str, list[dict[str, Any]]] = json.loads((CONTRACT / "version1.json").read_text())
PATIENCE_S = 30.0
numbers = itertools.count(1)


@pytest.fixture(scope="session", params=["native", "version 1"])
def shared_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Whoever uses it runs against a server that knows the native requests, and against one that does not."""
    folder = tmp_path_factory.mktemp("shared")
    is_native = request.param == "native"
    with RunningServer(folder / "journals") if is_native else server_of_version_1(folder / "old") as server:
        yield server


@pytest.fixture(scope="session")
def is_native(url: str) -> bool:
    """Whether the test's server knows the native requests."""
    with connect(url) as db:
        return db._pool.take().is_native  # noqa: SLF001


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A server that the test may kill."""
    with RunningServer(tmp_path / "journals") as server:
        yield server


@pytest.fixture
def old_server(tmp_path: Path) -> Iterator[RunningServer]:
    """The same, which knows version 1 only."""
    with server_of_version_1(tmp_path / "old") as server:
        yield server


@pytest.fixture(scope="session")
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


@pytest.fixture
def full_listener() -> Iterator[str]:
    """The URL of a listener whose queue is full: what connects next is neither accepted nor refused."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        for _ in range(3):
            each = waiting.enter_context(socket.socket())
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        yield f"everstore://127.0.0.1:{listener.getsockname()[1]}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `request_vector` or `reply_vector` runs once for each of version 1's."""
    for fixture, which in (("request_vector", "requests"), ("reply_vector", "replies")):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, VECTORS[which], ids=lambda vector: vector["name"])
