"""Real servers for the protocol's tests. A module shares its servers; a test that harms one starts its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from support.server import RunningServer
from support.wire import Client

NAMES = itertools.count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "load: the issue's whole load, once")


@pytest.fixture(scope="module", params=[1, 5], ids=["one worker", "five workers"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Whatever asks for it runs twice: five workers or one give the same answers."""
    directory = tmp_path_factory.mktemp("server") / "journals"
    with RunningServer(directory, workers=request.param) as running:
        yield running


@pytest.fixture
def client(server: RunningServer) -> Iterator[Client]:
    with Client(server.port) as connected:
        yield connected


@pytest.fixture
def other(server: RunningServer) -> Iterator[Client]:
    with Client(server.port) as connected:
        yield connected


@pytest.fixture
def name() -> bytes:
    """A journal that no other test uses."""
    return f"/test/{next(NAMES)}".encode()
