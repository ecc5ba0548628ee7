"""A worker dies: its requests in flight are answered, its connections go on, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.frames import ERROR, MULTIPART
from support.load import Load
from support.patched import patched
from support.published import PublishedClient, ServerError
from support.server import RunningServer, alive
from support.waiting import until
from support.wire import Client, part_bytes

pytestmark = pytest.mark.slow

LINE = b"t {}"
JOURNALS = [b"/load/%d" % number for number in range(40)]


@pytest.fixture(params=[1, 5], ids=["one worker", "five workers"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "journals", workers=request.param) as running:
        yield running


def answered(client: Client, name: bytes) -> bool:
    """Has the journal's worker come back? Until it has, error 1 is an answer, too."""
    reply = client.ask(frames.exists(name))
    assert reply.kind == frames.EXISTS or reply.code == 1
    return reply.kind == frames.EXISTS


def kill(server: RunningServer, pids: list[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    until(lambda: not set(pids) & set(server.worker_pids()), "the killed workers are gone")


@pytest.mark.parametrize("after_answers", [0, 1, 50, 200])
@pytest.mark.parametrize("which", ["one", "all"])
def test_a_kill_under_pipelined_load_loses_nothing_acknowledged(
    mortal: RunningServer, after_answers: int, which: str
) -> None:
    """Killed when so many of 400 commits are answered; the connection that sent them is used to the end."""
    victims = mortal.worker_pids()[: 1 if which == "one" else None]
    with Client(mortal.port) as client:
        load = Load(client, JOURNALS, b"load")
        load.send(load.open_many(400))
        load.receive_some(after_answers)
        kill(mortal, victims)
        load.receive()
        assert load.codes() <= {1, 6}
        assert set(load.answers) == set(load.sent)
        for journal in JOURNALS:
            until(lambda journal=journal: answered(client, journal), "the worker is back")
        load.check(client)
        load.send(load.open_many(100))
        load.receive()
        assert len(load.acknowledged()) >= 100, "the same connection goes on as before"
        load.check(client)


@pytest.mark.parametrize("bursts", [(6, 2, 4), (6, 1, 1), (2, 6, 3), (1, 1, 1)], ids=str)
def test_each_further_kill_finds_what_the_one_before_left(mortal: RunningServer, bursts: tuple[int, ...]) -> None:
    """Lives of so many bursts. A replacement that did not replay its log shows at the next kill."""
    with Client(mortal.port) as client:
        load = Load(client, JOURNALS, b"load")
        for life in bursts:
            for burst in range(life):
                load.send(load.open_many(20 + 7 * burst))
                load.receive()
            load.send(load.open_many(100))
            load.receive_some(20)
            kill(mortal, mortal.worker_pids())
            load.receive()
            for journal in JOURNALS:
                until(lambda journal=journal: answered(client, journal), "the worker is back")
        assert load.codes() <= {1, 6}
        load.check(client)
        assert "damaged" not in mortal.log(), "a killed worker damages nothing"
        assert not list(mortal.journals.rglob("*.torn-*")), (
            "what was cut off was not acknowledged, and not in a journal"
        )


DIES_BEHIND_THE_LOG = """
import os, signal
from everstore.storage.journals import JournalFiles
right = JournalFiles.append
def append(self, name, base, data):
    if name == b"/deadly" and not os.path.exists({flag!r}):
        os.close(os.open({flag!r}, os.O_CREAT))
        os.kill(os.getpid(), signal.SIGKILL)
    return right(self, name, base, data)
JournalFiles.append = append
"""


def test_the_first_replacement_finds_what_was_logged_and_no_more(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", DIES_BEHIND_THE_LOG.format(flag=str(tmp_path / "died")))
    with RunningServer(tmp_path / "journals", env=env, workers=1) as server, Client(server.port) as client:
        on = client.open(b"/deadly")
        assert client.ask(frames.commit(on.name, on.worker, on.transaction, b"t", b"t 1")).code == 1
        until(lambda: answered(client, b"/deadly"), "the worker is back")
        assert client.events(b"/deadly") == [b"t 1"]


def test_requests_in_flight_are_answered_with_error_1_in_order(tmp_path: Path) -> None:
    """One of two workers is stopped. When the other has answered all that it got, the rest is in flight for certain."""
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        owners = {name: client.open(name).worker for name in JOURNALS}
        assert set(owners.values()) == {1, 2}
        stopped = server.worker_pids()[0]
        os.kill(stopped, signal.SIGSTOP)
        asked = {uid: JOURNALS[uid % len(JOURNALS)] for uid in range(400)}
        client.send(*[frames.exists(name, uid) for uid, name in asked.items()])
        counts = {worker: sum(owners[name] == worker for name in asked.values()) for worker in (1, 2)}
        first = client.receive()
        living = owners[asked[first.uid]]
        replies = [first, *client.receive_many(counts[living] - 1)]
        assert {owners[asked[reply.uid]] for reply in replies} == {living}
        os.kill(stopped, signal.SIGKILL)
        dead = 3 - living
        replies = client.receive_many(counts[dead])
        assert [(reply.kind, reply.code) for reply in replies] == [(ERROR, 1)] * counts[dead]
        assert [reply.uid for reply in replies] == [uid for uid, name in asked.items() if owners[name] == dead]
        for name in JOURNALS:
            until(lambda name=name: answered(client, name), "the worker is back")


def test_a_read_whose_worker_dies_between_its_parts_goes_on_to_its_end(mortal: RunningServer) -> None:
    """Published clients take an error for one more part of a read that has begun: only one that has not may end so."""
    name = b"/large"
    events = [b"t %07d " % number + b"." * 90 for number in range(100_000)]
    whole = b"\n".join(events)
    with Client(mortal.port) as client, Client(mortal.port) as other:
        on = client.open(name)
        on = on._replace(size=client.commit(on, *events).size)
        client.send(*[frames.read(name, on.worker, 0, on.size, uid=uid) for uid in range(3)])
        got: dict[int, list[bytes]] = {0: [], 1: [], 2: []}
        due = {0, 1, 2}
        first = client.receive()
        kill(mortal, mortal.worker_pids())
        reply = first
        while True:
            assert reply.uid in due
            if reply.kind == ERROR:
                assert reply.code == 1
                assert not got[reply.uid], "no error in the middle of a read"
                due.remove(reply.uid)
            else:
                got[reply.uid].append(part_bytes(reply))
                due -= set() if reply.properties & MULTIPART else {reply.uid}
            if not due:
                break
            reply = client.receive()
        assert b"".join(got[first.uid]) == whole
        assert all(b"".join(parts) in (b"", whole) for parts in got.values())
        until(lambda: answered(other, name), "the worker is back")
        assert client.read(client.open(name)) == whole, "the same connection goes on"


def test_published_clients_read_large_journals_over_deaths_of_their_workers(mortal: RunningServer) -> None:
    """Twelve reads of ten megabytes at once, and all workers killed in between: each is whole, or a plain error."""
    names = [f"/large/{number}" for number in range(12)]
    events = [f"t {number:07d} " + "." * 90 for number in range(50_000)]
    with PublishedClient(mortal.port) as published:
        opened = published.open_all(names)
        asked = [(on.connection, on.connection.commit(on, ["t"], events)) for on in opened]
        assert {answer[0] for answer in published.answers(asked) if isinstance(answer, tuple)} == {True}
        opened = published.open_all(names)
        asked = [(on.connection, on.connection.read(on)) for on in opened]
        assert published.connections[0].socket.recv(1, socket.MSG_PEEK), "answers have begun to come"
        kill(mortal, mortal.worker_pids())
        answers = published.answers(asked)
        errors = [answer.args[0] for answer in answers if isinstance(answer, ServerError)]
        assert set(errors) <= {1}
        assert [answer == events for answer in answers].count(True) == len(answers) - len(errors)
        assert len(errors) < len(answers)


def test_other_connections_and_workers_do_not_notice(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        stopped = server.worker_pids()[0]
        os.kill(stopped, signal.SIGSTOP)
        client.send(*[frames.exists(name, uid) for uid, name in enumerate(JOURNALS)])
        living = JOURNALS[client.receive().uid]
        with Client(server.port) as bystander:
            for number in range(50):
                assert bystander.append(living, b"t %d" % number)
            os.kill(stopped, signal.SIGKILL)
            for number in range(50, 100):
                assert bystander.append(living, b"t %d" % number)
            assert bystander.events(living) == [b"t %d" % number for number in range(100)]


def test_transactions_die_with_their_worker(mortal: RunningServer) -> None:
    with Client(mortal.port) as client:
        opened = [client.open(name) for name in JOURNALS]
        kill(mortal, mortal.worker_pids())
        for on in opened:
            until(lambda on=on: answered(client, on.name), "the worker is back")
            assert client.ask(frames.commit(on.name, on.worker, on.transaction, b"", LINE)).code == 6
            assert client.rollback(on) == b"\1"
            assert client.open(on.name).worker == on.worker, "the journal stays with the worker's number"
            assert client.append(on.name, LINE) > 0


def test_a_transaction_of_a_dead_worker_is_not_another_ones_in_the_next_life(mortal: RunningServer) -> None:
    """UIDs are not given out again from the start: an old commit must not go through as somebody else's transaction."""
    with Client(mortal.port) as client, Client(mortal.port) as other:
        old = [client.open(JOURNALS[0]) for _ in range(20)]
        kill(mortal, mortal.worker_pids())
        until(lambda: answered(other, JOURNALS[0]), "the worker is back")
        new = [other.open(JOURNALS[0]) for _ in range(20)]
        for on in old:
            assert client.ask(frames.commit(on.name, on.worker, on.transaction, b"", LINE)).code == 6
        assert all(other.commit(on, LINE).succeeded for on in new)


def test_a_worker_killed_again_and_again_comes_back_each_time(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        sizes = dict.fromkeys(JOURNALS, 0)
        for turn in range(5):
            kill(server, server.worker_pids()[:1])
            for name in JOURNALS:
                until(lambda name=name: answered(client, name), "the worker is back")
                sizes[name] = client.append(name, b"t %d" % turn)
        for name in JOURNALS:
            assert client.events(name) == [b"t %d" % turn for turn in range(5)]
            assert client.open(name).size == sizes[name]


def test_a_worker_that_dies_right_after_each_start_is_retried_with_a_log_line_while_others_serve(
    tmp_path: Path,
) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        spared = server.worker_pids()[1]
        os.kill(spared, signal.SIGSTOP)
        client.send(*[frames.exists(name, uid) for uid, name in enumerate(JOURNALS)])
        struck = JOURNALS[client.receive().uid]
        os.kill(spared, signal.SIGCONT)
        assert {reply.kind for reply in client.receive_many(len(JOURNALS) - 1)} == {frames.EXISTS}
        owners = {client.open(name).worker: name for name in JOURNALS}
        others = [name for worker, name in owners.items() if worker != client.open(struck).worker]
        with Client(server.port) as bystander:
            for deaths in range(6):
                (pid,) = until(lambda: set(server.worker_pids()) - {spared}, "the next one is started")
                kill(server, [pid])
                assert bystander.append(others[0], b"t %d" % deaths), "the other worker serves meanwhile"
            assert "worker" in server.log().lower()
            with Client(server.port) as patient:
                until(lambda: answered(patient, struck), "the worker is back", 60)
                assert patient.append(struck, LINE) > 0


def test_kills_at_any_moment_under_endless_load_lose_nothing_acknowledged(tmp_path: Path) -> None:
    """Four clients commit without a pause while a worker at a time is killed, twelve times over."""
    with RunningServer(tmp_path / "journals", workers=2) as server:
        loads: list[Load] = []
        failures: list[BaseException] = []
        done = threading.Event()

        def commit_on(load: Load) -> None:
            try:
                while not done.is_set():
                    load.send(load.open_many(60))
                    load.receive()
            except BaseException as failure:  # noqa: BLE001  handed to the test's own thread
                failures.append(failure)

        clients = [Client(server.port) for _ in range(4)]
        loads = [Load(client, JOURNALS, b"client%d" % number) for number, client in enumerate(clients)]
        threads = [threading.Thread(target=commit_on, args=(load,)) for load in loads]
        for thread in threads:
            thread.start()
        try:
            for turn in range(12):
                before = sum(len(load.answers) for load in loads)
                until(lambda before=before: failures or sum(len(load.answers) for load in loads) > before + 300, "work")
                kill(server, [until(server.worker_pids, "there is a worker")[turn % 2 - 1]])
        finally:
            done.set()
            for thread in threads:
                thread.join(60)
        assert not failures
        assert not any(thread.is_alive() for thread in threads)
        with Client(server.port) as reader:
            for name in JOURNALS:
                until(lambda name=name: answered(reader, name), "the worker is back")
            for load in loads:
                assert load.acknowledged()
                assert load.codes() <= {1, 6}
                assert set(load.answers) == set(load.sent)
                load.check(reader)
        for client in clients:
            client.close()
        assert "damaged" not in server.log(), "a killed worker damages nothing"
        workers = server.worker_pids()
    until(lambda: not any(map(alive, workers)), "no worker is left behind")
