"""Many connections, one too many, and one that never reads: each costs the others nothing."""

from __future__ import annotations

import contextlib
import itertools
import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.frames import MULTIPART
from support.patched import patched
from support.processes import resident_bytes
from support.server import RunningServer
from support.waiting import until
from support.wire import HELLO, Client, part_bytes

pytestmark = pytest.mark.slow

MIB = 1 << 20
CONNECTIONS_MAX = 5
UNREAD_BYTES = 200 * MIB
GROWTH_BYTES_MAX = 64 * MIB
QUICK_S_MAX = 2.0


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "journals", workers=1, max_connections=CONNECTIONS_MAX) as running:
        yield running


def refused(server: RunningServer) -> bool:
    """Is a new connection closed, without a hello and without having asked for anything?"""
    try:
        with socket.create_connection(("127.0.0.1", server.port), 20) as knocking:
            return knocking.recv(3) == b""
    except ConnectionResetError:
        return True


def test_one_connection_more_than_allowed_is_refused_with_a_log_line_while_others_are_served(
    crowded: RunningServer,
) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(crowded.port)) for _ in range(CONNECTIONS_MAX)]
        assert not any(client.exists(b"/a") for client in clients)
        lines_before = len(crowded.log().splitlines())
        assert refused(crowded)
        assert refused(crowded)
        until(lambda: len(crowded.log().splitlines()) > lines_before, "a log line about it", 5)
        assert str(CONNECTIONS_MAX) in "\n".join(crowded.log().splitlines()[lines_before:])
        assert not any(client.exists(b"/a") for client in clients)


def test_a_closed_connection_makes_room_for_another(crowded: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(crowded.port)) for _ in range(CONNECTIONS_MAX - 1)]
        assert not any(client.exists(b"/a") for client in clients)
        with Client(crowded.port) as last:
            last.exists(b"/a")
            assert refused(crowded)
        until(lambda: not refused(crowded), "there is room again")

        def served() -> bool:
            with contextlib.suppress(AssertionError, ConnectionError), Client(crowded.port) as newcomer:
                return not newcomer.exists(b"/a")
            return False

        until(served, "a newcomer is served")


def test_who_has_not_logged_in_makes_room_for_another(crowded: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(crowded.port)) for _ in range(CONNECTIONS_MAX - 1)]
        assert not any(client.exists(b"/a") for client in clients)
        with Client(crowded.port, login=False) as silent:
            assert silent.receive_exactly(3) == HELLO
            clients.append(stack.enter_context(Client(crowded.port)))
            assert not any(client.exists(b"/a") for client in clients)
            assert silent.until_closed() == b""
            assert refused(crowded)


def test_connections_come_and_go_without_leaving_anything(crowded: RunningServer) -> None:
    for _ in range(200):
        until(lambda: not refused(crowded), "there is room")
    with Client(crowded.port) as client:
        assert not client.exists(b"/a")


def test_200_connections_are_each_served(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(Client(server.port)) for _ in range(200)]
        for number, client in enumerate(clients):
            client.send(frames.open_transaction(b"/c/%d" % number, number))
        assert [client.receive().uid for client in clients] == list(range(200))


FAILS_ON_A_NAME = """
from everstore.wire.session import Session
right = Session.receive
def receive(self, data):
    assert b"/bug" not in data
    return right(self, data)
Session.receive = receive
"""


def test_a_bug_that_one_client_finds_costs_only_that_client(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", FAILS_ON_A_NAME)
    with RunningServer(tmp_path / "journals", env=env, workers=1) as server, Client(server.port) as client:
        with Client(server.port) as finder:
            finder.send(frames.exists(b"/bug"))
            assert finder.until_closed() == b""
        assert not client.exists(b"/a")
        until(lambda: "this is a bug in Everstore" in server.log(), "it is said")


def flood(client: Client, requests: bytes, bytes_max: int) -> int:
    """Send without reading until the server has taken nothing for a second; how much it took."""
    client.socket.setblocking(False)
    writable = select.poll()  # not select(), which knows no descriptor past 1,023
    writable.register(client.socket, select.POLLOUT)
    sent = 0
    while sent < bytes_max and writable.poll(1000):
        with contextlib.suppress(BlockingIOError):
            sent += client.socket.send(requests)
    client.socket.settimeout(20)
    return sent


@pytest.mark.parametrize("workers", [1, 2])
def test_a_client_that_does_not_read_costs_neither_memory_nor_others_their_time(tmp_path: Path, workers: int) -> None:
    with RunningServer(tmp_path / "journals", workers=workers) as server, Client(server.port) as other:
        event = b"e" * 999
        for _ in range(4):
            size = other.append(b"/large", *[event] * 1250)
        length = 5000 * 1000 - 1
        reads = UNREAD_BYTES // length + 1
        before = resident_bytes(server)
        with Client(server.port) as deaf:
            on = deaf.open(b"/large")
            deaf.send(*[frames.read(on.name, on.worker, 0, size, uid=uid) for uid in range(reads)])
            for number in range(60):
                start = time.monotonic()
                other.append(b"/other/%d" % (number % 7), b"t {}")
                assert not other.exists(b"/none")
                assert time.monotonic() - start < QUICK_S_MAX, "others are served quickly"
                assert resident_bytes(server) - before < GROWTH_BYTES_MAX, "memory stays bounded"
            got: dict[int, int] = dict.fromkeys(range(reads), 0)
            for _ in itertools.takewhile(lambda _: got[reads - 1] < length, itertools.count()):
                part = deaf.receive()
                got[part.uid] += len(part_bytes(part))
                assert bool(part.properties & MULTIPART) == (got[part.uid] < length)
            assert set(got.values()) == {length}, "nothing was lost for having been read late"
            assert resident_bytes(server) - before < GROWTH_BYTES_MAX


def test_a_client_that_does_not_read_is_not_read_from(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server, Client(server.port) as other:
        size = other.append(b"/large", b"e" * 4 * MIB)
        before = resident_bytes(server)
        with Client(server.port) as deaf:
            on = deaf.open(b"/large")
            deaf.send(*[frames.read(on.name, on.worker, 0, size)] * 10)
            sent = flood(deaf, frames.exists(b"/none") * 2000, 100 * MIB)
            assert sent < 50 * MIB, "the server stops reading"
            assert resident_bytes(server) - before < GROWTH_BYTES_MAX
            start = time.monotonic()
            assert other.append(b"/other", b"t {}")
            assert time.monotonic() - start < QUICK_S_MAX
        assert not other.exists(b"/none")


class ConfinedServer(RunningServer):
    """A server that may hold so few open files that not all connections fit that it was told to allow."""

    FILES_MAX = 128

    def command(self) -> list[str]:
        return ["prlimit", f"--nofile={self.FILES_MAX}:{self.FILES_MAX}", *super().command()]


def test_connections_do_not_take_the_descriptors_that_a_new_worker_needs(tmp_path: Path) -> None:
    with ConfinedServer(tmp_path / "journals", workers=2) as server, contextlib.ExitStack() as stack:
        while not refused(server):
            client = stack.enter_context(Client(server.port))
            assert not client.exists(b"/a")
        lines = len(server.log().splitlines())
        assert all(refused(server) for _ in range(20))
        assert len(server.log().splitlines()) == lines, "refused one after the other, they are said once"
        pids = server.worker_pids()
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(set(server.worker_pids()) - set(pids)) == 2, "both have successors")
        until(lambda: client.ask(frames.exists(b"/a")).kind == frames.EXISTS, "it serves again")
