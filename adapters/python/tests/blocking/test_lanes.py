"""Lanes of the blocking client: opened by themselves, left out where there are none, and nothing is lost with them."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.certificates import Authority
from support.cutting_proxy import CuttingProxy
from support.server import RunningServer
from support.users import user, write_users

from everstore_client import Client, Event, connect
from everstore_client.limits import LANE_REQUESTS_MIN

pytestmark = pytest.mark.slow

Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def db(server: RunningServer) -> Iterator[Client[Event]]:
    with connect(f"everstore://127.0.0.1:{server.port}", connections=1) as client:
        yield client


def lanes(db: Client[Event]) -> list[int]:
    return [each["lanes"] for each in db.status()["workers"]]


def ask_often(db: Client[Event], journal: str, times: int = 4 * LANE_REQUESTS_MIN) -> None:
    for number in range(times):
        db.append(f"{journal}/{number % 10}", Event("a", number))


def test_a_connection_that_asks_often_has_a_lane_to_each_worker_and_one_that_does_not_has_none(
    db: Client[Event], journal: str, eventually: Eventually
) -> None:
    ask_often(db, journal, LANE_REQUESTS_MIN - 1)
    assert lanes(db) == [0, 0]
    eventually(lambda: ask_often(db, journal) or lanes(db) == [1, 1])
    before = db.worker_status(1)["requests"]
    ask_often(db, journal)
    assert db.worker_status(1)["requests"] > before
    assert db.status()["connections"] == 3


def test_reads_and_transactions_go_over_them_too(server: RunningServer, journal: str, eventually: Eventually) -> None:
    with CuttingProxy(server.port) as proxy, connect(proxy.url, connections=1) as db:
        eventually(lambda: ask_often(db, journal) or lanes(db) == [1, 1])
        main = db._pool.take()  # noqa: SLF001
        said = main._conversation._uid  # noqa: SLF001
        for number in range(20):
            db.run(f"{journal}/{number}", lambda tx: (tx.read(), tx.append(Event("b", 1))))
            assert Event("b", 1) in db.read(f"{journal}/{number}")
        assert main._conversation._uid == said, "the connection itself has said nothing"  # noqa: SLF001


def test_without_leave_there_are_none(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", lanes=False) as db:
        ask_often(db, journal)
        assert lanes(db) == [0, 0]


def test_a_server_of_version_1_is_asked_for_none(old_server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{old_server.port}") as db:
        ask_often(db, journal)
        assert db.status()["connections"] == 1


def test_an_encrypted_connection_asks_for_none(tmp_path: Path, journal: str) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue()
    options = {"tls_certificate": issued.certificate, "tls_key": issued.key}
    with (
        RunningServer(tmp_path / "journals", **options) as server,
        connect(f"everstores://localhost:{server.port}?ca={authority.ca}") as db,
    ):
        ask_often(db, journal)
        assert (lanes(db), "lane" in server.log()) == ([0, 0], False)


def test_a_user_of_limited_rights_goes_on_without_and_asks_once(tmp_path: Path) -> None:
    users = write_users(tmp_path / "users.json", user("some", "secret", "/a/"))
    with (
        RunningServer(tmp_path / "journals", users=users, log_level="debug") as server,
        connect(f"everstore://some:secret@127.0.0.1:{server.port}", connections=1) as db,
    ):
        ask_often(db, "/a", 20 * LANE_REQUESTS_MIN)
        assert lanes(db) == [0, 0]
        assert server.log().count("has no lanes") in (1, 2), "both workers' may have been under way"


def test_one_whose_worker_dies_is_gone_and_another_comes_and_nothing_is_lost_or_doubled(
    server: RunningServer, db: Client[Event], journal: str, eventually: Eventually
) -> None:
    eventually(lambda: ask_often(db, f"{journal}/warm") or lanes(db) == [1, 1])
    stop = threading.Event()
    counts = [0] * 4

    def append(thread: int) -> None:
        while not stop.is_set():
            db.append(f"{journal}/{counts[thread] % 20}", Event("a", [thread, counts[thread]]))
            counts[thread] += 1

    threads = [threading.Thread(target=append, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for died in (1, 2):
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        eventually(lambda died=died: server.log().count("serves again") == 2 * died)  # type: ignore[misc]
        eventually(lambda: lanes(db) == [1, 1])
    stop.set()
    for each in threads:
        each.join()
    written = sorted(event.data for number in range(20) for event in db.read(f"{journal}/{number}"))
    assert written == sorted([thread, number] for thread in range(4) for number in range(counts[thread]))
    assert min(counts) > 0


def test_a_pipeline_goes_on_when_its_lanes_break(
    server: RunningServer, db: Client[Event], journal: str, eventually: Eventually
) -> None:
    with db.pipeline() as pipeline:
        for round_ in range(3):
            for number in range(2000):
                pipeline.append(f"{journal}/{number % 40}", Event("a", [round_, number]))
                if number == 1000:
                    os.kill(server.worker_pids()[round_ % 2], signal.SIGKILL)
            pipeline.finish()
    eventually(lambda: ask_often(db, f"{journal}/warm") or lanes(db) == [1, 1])
    written = sorted(event.data for number in range(40) for event in db.read(f"{journal}/{number}"))
    assert written == [[round_, number] for round_ in range(3) for number in range(2000)]


def test_closing_the_client_closes_its_lanes(server: RunningServer, journal: str, eventually: Eventually) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", connections=1) as db:
        eventually(lambda: ask_often(db, journal) or lanes(db) == [1, 1])
    with connect(f"everstore://127.0.0.1:{server.port}") as other:
        eventually(lambda: lanes(other) == [0, 0])
