"""What the server waits for, and how long: with limits of seconds made shorter, against a real server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.altered import AlteredServer
from support.server import RunningServer
from support.waiting import until
from support.wire import HELLO, Client

pytestmark = pytest.mark.slow

MIB = 1 << 20
SHORT = {"FRAME_S_MAX": 0.6, "PRESSED_S_MAX": 0.4, "WATCH_S": 0.1, "LOGIN_S_MAX": 0.5}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[AlteredServer]:
    options = {"workers": 1, "max_memory": "4MiB", "idle_timeout": 1, "transaction_lifetime": 0.5}
    with AlteredServer(tmp_path / "journals", SHORT, **options) as running:
        yield running


def said(server: AlteredServer, what: str) -> bool:
    return any(what in line for line in server.log().splitlines())


@pytest.mark.parametrize("size", [100, 16 * MIB, 0xFFFFFFFF], ids=["small", "large", "skipped"])
def test_a_request_that_stops_half_way_ends_the_connection_with_a_log_line(server: AlteredServer, size: int) -> None:
    with Client(server.port) as client:
        client.send(frames.exists(b"/a"), frames.HEADER.pack(frames.COMMIT, size, 1, 0, 1) + b"x" * 50)
        client.until_closed()
        until(lambda: said(server, "it began a request"), "it is said")


def test_a_header_that_stops_half_way_ends_the_connection(server: AlteredServer) -> None:
    with Client(server.port) as client:
        client.send(frames.exists(b"/a")[:7])
        assert client.until_closed() == b""


def test_a_byte_now_and_then_is_no_going_on(server: AlteredServer) -> None:
    with Client(server.port) as client:
        client.send(frames.HEADER.pack(frames.COMMIT, MIB, 1, 0, 1))

        def cut_off() -> bool:
            with contextlib.suppress(ConnectionError):
                client.socket.sendall(b"x")
                return False
            return True

        until(cut_off, "it is closed in spite of its bytes", 10)
        assert said(server, "it began a request")


def test_a_login_that_dribbles_in_is_not_waited_for(server: AlteredServer) -> None:
    with Client(server.port, login=False) as client:
        assert client.receive_exactly(3) == HELLO
        client.send(frames.login()[:-1])
        assert client.until_closed() == b""
        assert said(server, "no login within 0.5 seconds")


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(server: AlteredServer) -> None:
    with Client(server.port) as idle, Client(server.port) as busy:
        assert not idle.exists(b"/a")
        until(lambda: busy.exists(b"/a") or said(server, "it was idle"), "the idle one is closed", 10)
        assert idle.until_closed() == b""
        assert not busy.exists(b"/a")


def test_large_requests_that_stop_half_way_make_room_for_one_that_goes_on(tmp_path: Path) -> None:
    """Four mebibytes of memory: two of them are for requests that have begun."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(AlteredServer(tmp_path / "journals", SHORT, workers=1, max_memory="4MiB"))
        for _ in range(3):
            hoarder = stack.enter_context(Client(server.port))
            hoarder.send(frames.HEADER.pack(frames.COMMIT, 2 * MIB, 1, 0, 1) + bytes(90_000))
        client = stack.enter_context(Client(server.port))
        assert client.append(b"/small", b"t 1"), "small requests do not wait for memory"
        event = b"t " + b"x" * 3 * MIB
        on = client.open(b"/large")
        client.send(frames.commit(on.name, on.worker, on.transaction, b"", event))
        assert client.receive().kind == frames.COMMIT, "what is larger than the memory passes alone"
        assert said(server, "it began a request"), "those that stopped had to go"
        assert client.events(b"/large") == [event]


def test_who_takes_no_answers_has_to_go_when_memory_is_scarce(tmp_path: Path) -> None:
    """Four mebibytes of memory: a quarter of them is for what flows, and forty clients are owed more."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(AlteredServer(tmp_path / "journals", SHORT, workers=1, max_memory="4MiB"))
        client = stack.enter_context(Client(server.port))
        size = client.append(b"/large", b"t " + b"x" * 12 * MIB)
        on = client.open(b"/large")
        for _ in range(40):
            deaf = stack.enter_context(Client(server.port))
            deaf.send(frames.read(on.name, on.worker, 0, size), frames.exists(b"/a"))
        until(lambda: said(server, "it took none of its answers"), "some are closed", 10)
        assert len(client.read(on)) > 12 * MIB, "who takes what it asked for is not"


def test_a_request_of_any_allowed_size_passes(tmp_path: Path) -> None:
    """With the product's own times: how long so much takes is the machine's affair."""
    with (
        RunningServer(tmp_path / "journals", workers=1, max_memory="4MiB") as server,
        Client(server.port) as one,
        Client(server.port) as other,
    ):
        event = b"t " + b"x" * 15 * MIB
        for client in (one, other):
            assert client.append(b"/large", event)
        assert one.events(b"/large") == [event, event]
