"""Threads that share a connection, silence, late answers, and connections that end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from everstore_client import (
    AuthenticationFailed,
    Conflict,
    ConnectionLost,
    Event,
    OutcomeUnknown,
    ProtocolError,
    Timeout,
    connect,
)
from everstore_client.wire.layouts import LITTLE

Silent = Callable[..., Any]
OPENED = {4: LITTLE.pack(48, 7)}


def test_threads_share_one_connection(url: str, journal: str) -> None:
    """Each thread reads what it wrote, so an answer that reached another thread would be seen."""

    def work(thread: int) -> list[object]:
        for number in range(100):
            db.append(f"{journal}/{thread}", Event(f"type{thread}", number))
        return [event.data for event in db.read(f"{journal}/{thread}")]

    with connect(url, connections=1) as db, ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [list(range(100))] * 8


def test_one_of_several_transactions_at_once_wins(url: str, journal: str) -> None:
    barrier = threading.Barrier(8)

    def work(thread: int) -> bool:
        try:
            with db.transaction(journal) as tx:
                barrier.wait()
                tx.append(type="a", data=thread)
        except Conflict:
            return False
        return True

    with connect(url, connections=2) as db, ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(work, range(8))) == [False] * 7 + [True]
        assert len(db.read(journal)) == 1


def test_a_large_commit_and_its_long_read(url: str, journal: str) -> None:
    lines = [f"a {number:01000}" for number in range(8000)]
    with connect(url) as db:
        db.append_raw(journal, *lines)
        assert db.read_raw(journal) == "\n".join(lines).encode()


def test_large_requests_of_several_threads_fit_through_one_connection(url: str, journal: str) -> None:
    """What the socket does not take at once is sent by whichever thread leads, also while others wait to read."""
    lines = [f"a {number:01000}" for number in range(2000)]

    def work(thread: int) -> int:
        db.append_raw(f"{journal}/{thread}", *lines)
        return len(db.read_raw(f"{journal}/{thread}"))

    with connect(url, connections=1) as db, ThreadPoolExecutor(4) as threads:
        assert set(threads.map(work, range(4))) == {len("\n".join(lines))}


def test_a_wrong_password_is_told(url: str) -> None:
    with pytest.raises(AuthenticationFailed) as failure:
        connect(url.replace("passwd", "wrong"))
    assert failure.value.code == 2


def test_nobody_there_is_told_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionLost, match=str(port)):
        connect(f"everstore://127.0.0.1:{port}")


def test_another_protocol_is_told(silent_server: Silent) -> None:
    with pytest.raises(ProtocolError):
        connect(silent_server(hello=b"SSH-2.0").url)


def test_a_server_that_says_nothing_at_all_times_out(silent_server: Silent) -> None:
    with pytest.raises(Timeout):
        connect(silent_server(hello=b"").url, timeout=0.1)


def test_a_timeout_keeps_the_connection_and_drops_the_late_answer(silent_server: Silent) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url, timeout=0.2, connections=1) as db:
        with pytest.raises(Timeout):
            db.read("/a")
        server.release(LITTLE.pack(3) + b"a 1")
        assert db.exists("/a") is False
        assert len(server.accepted) == 1


def test_a_commit_that_times_out_is_of_unknown_outcome(silent_server: Silent) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url, timeout=0.2) as db:
        with pytest.raises(OutcomeUnknown) as failure, db.transaction("/a") as tx:
            tx.append(type="a", data=1)
        assert isinstance(failure.value.__cause__, Timeout)
        assert not tx.is_open
        assert server.heard.count(5) == 1


def test_a_connection_lost_with_a_commit_in_flight_is_of_unknown_outcome(
    silent_server: Silent, eventually: Callable[[Callable[[], bool]], None]
) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url) as db, ThreadPoolExecutor(1) as thread:
        commit = thread.submit(db.append, "/a", type="a", data=1)
        eventually(lambda: 5 in server.heard)
        server.hang_up()
        with pytest.raises(OutcomeUnknown) as failure:
            commit.result()
        assert isinstance(failure.value.__cause__, ConnectionLost)
        assert server.heard.count(5) == 1


def test_a_connection_lost_before_the_commit_is_told_as_that(silent_server: Silent) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url, timeout=1) as db, pytest.raises(ConnectionLost), db.transaction("/a") as tx:
        tx.append(type="a", data=1)
        server.hang_up()
        with pytest.raises(ConnectionLost):
            tx.read()
    assert 5 not in server.heard


def test_closing_wakes_whoever_waits(silent_server: Silent, eventually: Callable[[Callable[[], bool]], None]) -> None:
    server = silent_server(answers=OPENED)
    db = connect(server.url)
    with ThreadPoolExecutor(3) as threads:
        reads = [threads.submit(db.read, "/a") for _ in range(3)]
        eventually(lambda: server.heard.count(7) == 3)
        db.close()
        for read in reads:
            with pytest.raises(ConnectionLost):
                read.result()
