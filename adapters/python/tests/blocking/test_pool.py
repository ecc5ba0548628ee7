"""Connections that are opened when they are needed, and replaced when they are lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from support.server import RunningServer

from everstore_client import AuthenticationFailed, ConnectionLost, Event, Timeout, connect
from everstore_client.limits import ASK_ATTEMPTS
from everstore_client.wire.layouts import LITTLE

Eventually = Callable[[Callable[[], bool]], None]
OPENED = {4: LITTLE.pack(48, 7)}


def test_busy_connections_are_joined_by_others_up_to_the_bound(silent_server: Any, eventually: Eventually) -> None:
    server = silent_server(answers=OPENED)
    db = connect(server.url, connections=3)
    with ThreadPoolExecutor(8) as threads:
        reads = []
        for number in range(1, 9):
            reads.append(threads.submit(db.read, "/a"))
            eventually(lambda number=number: server.heard.count(7) == number)  # type: ignore[misc]
        assert len(server.accepted) == 3
        server.release(LITTLE.pack(3) + b"a 1")
        assert [read.result() for read in reads] == [[Event("a", 1)]] * 8
        db.close()


def test_one_thread_needs_one_connection(silent_server: Any) -> None:
    server = silent_server()
    with connect(server.url) as db:
        assert [db.exists("/a") for _ in range(10)] == [False] * 10
    assert len(server.accepted) == 1


def test_a_lost_connection_is_replaced_at_its_next_use(silent_server: Any) -> None:
    server = silent_server()
    with connect(server.url) as db:
        for times in range(1, 4):
            assert db.exists("/a") is False
            assert len(server.accepted) == times
            server.accepted[-1].shutdown(2)


def test_what_only_asks_is_asked_again(silent_server: Any, eventually: Eventually) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url) as db, ThreadPoolExecutor(1) as thread:
        read = thread.submit(db.read, "/a")
        eventually(lambda: 7 in server.heard)
        server.answers[7] = LITTLE.pack(3) + b"a 1"
        server.hang_up()
        assert read.result() == [Event("a", 1)]
        assert server.heard.count(7) == 2


def test_it_is_asked_again_but_not_for_ever(silent_server: Any, eventually: Eventually) -> None:
    server = silent_server(answers=OPENED)
    with connect(server.url) as db, ThreadPoolExecutor(1) as thread:
        read = thread.submit(db.read, "/a")
        for times in range(1, ASK_ATTEMPTS + 1):
            eventually(lambda times=times: server.heard.count(7) == times)  # type: ignore[misc]
            server.accepted[-1].shutdown(2)
        with pytest.raises(ConnectionLost):
            read.result()


def test_a_restarted_server_is_found_again(server: RunningServer, journal: str) -> None:
    url = f"everstore://127.0.0.1:{server.port}"
    with connect(url) as db:
        before = db.append(journal, type="a", data=1)
        server.kill()
        with RunningServer(server.journals, port=server.port):
            assert db.append(journal, type="a", data=2).size == 2 * before.size
            assert [event.data for event in db.read(journal)] == [1, 2]
            assert [event.data for event in db.stream(journal)] == [1, 2]


def test_a_server_that_is_away_is_waited_for(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}") as db, ThreadPoolExecutor(1) as thread:
        db.append(journal, type="a", data=1)
        server.kill()
        read = thread.submit(db.read, journal)
        with RunningServer(server.journals, port=server.port):
            assert read.result() == [Event("a", 1)]


def test_a_server_that_stays_away_is_waited_for_no_longer_than_the_timeout(server: RunningServer) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", timeout=0.3) as db:
        server.kill()
        with pytest.raises((ConnectionLost, Timeout)):
            db.exists("/a")


def test_a_transaction_dies_with_its_connection(old_server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{old_server.port}") as db:
        with pytest.raises(ConnectionLost), db.transaction(journal) as tx:
            old_server.kill()
            tx.read(since=1)
        with RunningServer(old_server.journals, port=old_server.port):
            assert not db.exists(journal)


def test_a_commit_to_a_server_that_has_left_was_certainly_not_sent(old_server: RunningServer, journal: str) -> None:
    url = f"everstore://127.0.0.1:{old_server.port}"
    with connect(url) as db, pytest.raises(ConnectionLost), db.transaction(journal) as tx:
        tx.append(type="a", data=1)
        old_server.kill()


def test_a_password_that_no_longer_fits_is_not_tried_again(silent_server: Any) -> None:
    server = silent_server()
    with connect(server.url) as db:
        server.hello = b"\0\1\1"
        server.hang_up()
        with pytest.raises(AuthenticationFailed):
            db.exists("/a")
