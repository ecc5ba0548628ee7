"""A worker of version 1 dies with a commit in flight: the client is told that the outcome is unknown, and goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.server import RunningServer
from support.version_1 import server_of_version_1

from everstore_client import Client, Event, NoSuchTransaction, OutcomeUnknown, UnknownError, connect

Eventually = Callable[[Callable[[], bool]], None]


def worker_pid(server: RunningServer) -> int:
    (pid,) = server.worker_pids()
    return pid


@pytest.fixture
def lone_worker(tmp_path: Path):  # type: ignore[no-untyped-def]
    with server_of_version_1(tmp_path / "lone", workers=1) as server:
        yield server


def kill_with_a_request_in_flight(server: RunningServer, db: Client[Event], eventually: Eventually) -> None:
    """Kill the worker once the supervisor has the request: it has answered a later one on the same connection."""
    connection = db._pool._shared[0]  # noqa: SLF001
    eventually(lambda: connection.waiting == 1)
    db.status()
    os.kill(worker_pid(server), signal.SIGKILL)


def test_a_commit_in_flight_is_of_unknown_outcome(
    lone_worker: RunningServer, journal: str, eventually: Eventually
) -> None:
    with connect(f"everstore://127.0.0.1:{lone_worker.port}", connections=1) as db, ThreadPoolExecutor(1) as thread:
        accepted = db.status()["accepted"]
        with db.transaction(journal) as tx:
            tx.append(type="a", data=1)
            os.kill(worker_pid(lone_worker), signal.SIGSTOP)
            commit = thread.submit(tx.commit)
            kill_with_a_request_in_flight(lone_worker, db, eventually)
            with pytest.raises(OutcomeUnknown) as failure:
                commit.result()
        assert isinstance(failure.value.__cause__, UnknownError)
        assert db.read(journal) in ([], [Event("a", 1)])
        assert db.append(journal, type="b", data=2).events == 1
        assert db.status()["accepted"] == accepted


def test_a_read_in_flight_is_asked_again_of_the_next_worker(
    lone_worker: RunningServer, journal: str, eventually: Eventually
) -> None:
    with connect(f"everstore://127.0.0.1:{lone_worker.port}", connections=1) as db, ThreadPoolExecutor(1) as thread:
        db.append(journal, type="a", data=1)
        os.kill(worker_pid(lone_worker), signal.SIGSTOP)
        read = thread.submit(db.read, journal)
        kill_with_a_request_in_flight(lone_worker, db, eventually)
        assert read.result() == [Event("a", 1)]


def test_a_transaction_of_a_dead_worker_writes_nothing(lone_worker: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{lone_worker.port}", connections=1) as db:
        with pytest.raises((NoSuchTransaction, OutcomeUnknown)), db.transaction(journal) as tx:
            tx.append(type="a", data=1)
            os.kill(worker_pid(lone_worker), signal.SIGKILL)
        assert not db.exists(journal)


def test_run_runs_again_when_the_worker_died(lone_worker: RunningServer, journal: str, eventually: Eventually) -> None:
    killed = []

    def once(tx: object) -> None:
        tx.append(type="a", data=1)  # type: ignore[attr-defined]
        if not killed:
            killed.append(worker_pid(lone_worker))
            os.kill(killed[0], signal.SIGKILL)
            # Until the supervisor knows, too: a commit before that would be lost with the worker.
            eventually(lambda: bool(db.status()["workers"][0]["deaths"]))

    with connect(f"everstore://127.0.0.1:{lone_worker.port}", connections=1) as db:
        db.run(journal, once)
        assert db.read(journal) == [Event("a", 1)]
