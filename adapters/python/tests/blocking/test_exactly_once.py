"""Appends whose answers are lost, whose workers die and whose servers are killed are written once, and answered."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.cutting_proxy import CuttingProxy
from support.server import RunningServer

from everstore_client import Client, Conflict, Event, OutcomeUnknown, Timeout, connect
from everstore_client.senders import Native, Senders
from everstore_client.wire.native_replies import Hello

pytestmark = pytest.mark.slow

Eventually = Callable[[Callable[[], bool]], None]


def test_an_append_whose_answer_is_lost_is_written_once(server: RunningServer, journal: str) -> None:
    with CuttingProxy(server.port, cuts=2) as proxy, connect(proxy.url) as db:
        first = db.append(journal, Event("a", 1))
        second = db.append(journal, Event("a", 2))
        assert proxy.answers == 4
        assert (db.read(journal), second.size) == ([Event("a", 1), Event("a", 2)], 2 * first.size)


def test_so_is_a_commit_and_its_transaction_outlives_the_connection(server: RunningServer, journal: str) -> None:
    with CuttingProxy(server.port, cuts=1) as proxy, connect(proxy.url) as db:
        with db.transaction(journal, must_be_new=True) as tx:
            tx.append(Event("a", 1))
            written = tx.commit()
        assert proxy.answers == 2
        assert (db.read(journal), written.events) == ([Event("a", 1)], 1)


def test_so_are_appends_in_a_pipeline(server: RunningServer, journal: str) -> None:
    with CuttingProxy(server.port, cuts=3) as proxy, connect(proxy.url) as db:
        with db.pipeline(requests=20) as pipeline:
            for number in range(200):
                pipeline.append(f"{journal}/{number % 50}", Event("a", number))
        assert proxy.cuts == 0
        written = [event.data for each in range(50) for event in db.read(f"{journal}/{each}")]
        assert sorted(written) == list(range(200))


def test_a_pipeline_waits_for_a_server_that_is_away_once(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", timeout=0.5) as db:
        with pytest.raises((ConnectionError, Timeout, OutcomeUnknown)), db.pipeline() as pipeline:
            server.kill()
            results = [pipeline.append(journal, Event("a", number)) for number in range(40)]
            began = time.monotonic()
        for result in results:
            with pytest.raises((ConnectionError, Timeout, OutcomeUnknown)):
                result.result()
        assert time.monotonic() - began < 10, "not half a second for each"


def test_a_pipeline_that_is_left_sends_nothing_again(server: RunningServer, journal: str) -> None:
    with CuttingProxy(server.port, cuts=2**32) as proxy, connect(proxy.url) as db:
        with pytest.raises(ZeroDivisionError), db.pipeline() as pipeline:
            append = pipeline.append(journal, Event("a", 1))
            _ = 1 / 0
        requests = proxy.requests
        with pytest.raises(OutcomeUnknown):
            append.result()
        assert proxy.requests == requests


def test_a_transaction_is_nothing_that_the_server_holds(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}") as db, db.transaction(journal) as tx:
        tx.append(Event("a", 1))
        assert [db.worker_status(worker)["transactions"] for worker in (1, 2)] == [0, 0]


def test_a_transaction_outlives_its_server(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}") as db:
        db.append(journal, Event("a", 1))
        with db.transaction(journal) as tx:
            tx.append(Event("b", 2))
            server.kill()
            with RunningServer(server.journals, port=server.port):
                assert tx.read() == [Event("a", 1)]
                tx.commit()
                assert db.read(journal) == [Event("a", 1), Event("b", 2)]


def test_an_append_in_flight_on_a_worker_that_dies_is_sent_again(
    server: RunningServer, journal: str, eventually: Eventually
) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", connections=1) as db, ThreadPoolExecutor(1) as thread:
        for worker in server.worker_pids():
            os.kill(worker, signal.SIGSTOP)
        append = thread.submit(db.append, journal, Event("a", 1))
        connection = db._pool.take()  # noqa: SLF001
        eventually(lambda: connection.waiting == 1)
        db.status()
        for worker in server.worker_pids():
            os.kill(worker, signal.SIGKILL)
        assert append.result().events == 1
        assert db.read(journal) == [Event("a", 1)]


def test_what_a_server_cannot_know_is_of_unknown_outcome(server: RunningServer, eventually: Eventually) -> None:
    """There is one worker more, and it does not know what the others did with a journal that it has now."""
    three = Native(Hello(1, 3, 0, 0), Senders())
    journal = next(f"/moved/{each}" for each in range(99) if three.worker_of(b"/moved/%d" % each) == 3)
    with CuttingProxy(server.port) as proxy, connect(proxy.url) as db, ThreadPoolExecutor(1) as thread:
        db.append(journal, Event("a", 1))
        proxy.cuts = 2**32
        append = thread.submit(db.append, journal, Event("a", 2))
        eventually(lambda: proxy.answers >= 2)
        server.kill()
        with RunningServer(server.journals, port=server.port, workers=3):
            proxy.cuts = 0
            with pytest.raises(OutcomeUnknown):
                append.result()
            assert db.read(journal) == [Event("a", 1), Event("a", 2)]
            assert db.append(journal, Event("a", 3)).events == 1


def test_an_append_is_sent_again_no_longer_than_the_timeout(server: RunningServer, journal: str) -> None:
    with CuttingProxy(server.port, cuts=2**32) as proxy, connect(proxy.url, timeout=0.5) as db:
        with pytest.raises(OutcomeUnknown):
            db.append(journal, Event("a", 1))
        proxy.cuts = 0
        assert db.read(journal) == [Event("a", 1)]


def test_a_server_that_is_away_was_certainly_sent_nothing(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}", timeout=0.3) as db:
        server.kill()
        with pytest.raises((ConnectionError, Timeout)):
            db.append(journal, Event("a", 1))


@pytest.mark.slow
def test_no_append_is_lost_or_doubled_while_workers_and_servers_die(tmp_path: Path, journal: str) -> None:
    """Several threads append while a worker is killed again and again, and the server now and then."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    chance = random.Random(seed)
    stop = threading.Event()

    def append(thread: int) -> int:
        number = 0
        while not stop.is_set():
            db.append(f"{journal}/{(thread + number) % 7}", Event("a", [thread, number]))
            number += 1
        return number

    server = RunningServer(tmp_path / "journals").start()
    try:
        with connect(f"everstore://127.0.0.1:{server.port}") as db, ThreadPoolExecutor(8) as threads:
            try:
                counts = [threads.submit(append, thread) for thread in range(8)]
                for round_ in range(12):
                    stop.wait(chance.uniform(0.02, 0.2))
                    if round_ % 4 == 3:
                        server.kill()
                        server.close()
                        server = RunningServer(server.journals, port=server.port).start()
                    elif pids := server.worker_pids():
                        os.kill(chance.choice(pids), signal.SIGKILL)
            finally:
                stop.set()
            expected = sorted([thread, number] for thread in range(8) for number in range(counts[thread].result()))
            assert len(expected) > 100
            assert sorted(written(db, journal)) == expected
    finally:
        server.close()


def written(db: Client[Event], journal: str) -> list[list[int]]:
    return [event.data for each in range(7) for event in db.read(f"{journal}/{each}")]


@pytest.mark.parametrize("timestamps", [False, True])
def test_a_stream_goes_on_when_its_worker_dies(server: RunningServer, journal: str, timestamps: bool) -> None:
    lines = [f"a {number:01000}" for number in range(8000)]
    with connect(f"everstore://127.0.0.1:{server.port}") as db:
        for each in range(0, len(lines), 2000):
            db.append_raw(journal, *lines[each : each + 2000])
        stream = db.stream_raw(journal, timestamps=timestamps)
        found = [next(stream)]
        for worker in server.worker_pids():
            os.kill(worker, signal.SIGKILL)
        found += stream
        assert [line.decode()[24 if timestamps else 0 :] for line in found] == lines


@pytest.mark.parametrize("newest_first", [False, True])
def test_so_does_one_of_chosen_events(server: RunningServer, journal: str, newest_first: bool) -> None:
    lines = [f"{'ab'[number % 2]} {number:01000}" for number in range(8000)]
    with connect(f"everstore://127.0.0.1:{server.port}") as db:
        for each in range(0, len(lines), 2000):
            db.append_raw(journal, *lines[each : each + 2000])
        stream = db.stream_raw(journal, types=["b"], newest_first=newest_first)
        found = [next(stream)]
        for worker in server.worker_pids():
            os.kill(worker, signal.SIGKILL)
        db.append_raw(journal, "b 0")
        found += stream
        wanted = lines[1::2]
        assert [line.decode() for line in found] == (wanted[::-1] if newest_first else wanted)


def test_a_conflict_tells_what_came(server: RunningServer, journal: str) -> None:
    with connect(f"everstore://127.0.0.1:{server.port}") as db:
        first = db.append(journal, Event("a", 1))
        second = db.append(journal, Event("b", 2), after=first.size)
        third = db.append(journal, Event("c", 3), after=first.size, depends=["a"])
        for depends in (["b"], ["x", "c"]):
            with pytest.raises(Conflict) as conflict:
                db.append(journal, Event("d", 4), after=first.size, depends=depends)
            assert conflict.value.types == tuple(depends)
            assert (conflict.value.size, conflict.value.until) == (third.size, third.size)
            assert conflict.value.events == [Event("b", 2), Event("c", 3)]
        with pytest.raises(Conflict) as exists:
            db.append(journal, Event("d", 4), must_be_new=True)
        assert exists.value.events == [Event("a", 1), Event("b", 2), Event("c", 3)]
        assert db.append(journal, Event("d", 4), after=third.size, depends=["b", "c"]).size > second.size
