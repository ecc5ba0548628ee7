"""Many clients on a real server under faults: what they were told fits one order of commits on each journal."""

from __future__ import annotations

import os
import random
import signal
from contextlib import closing
from pathlib import Path

import pytest
from history.checker import Operation, check
from history.recorder import Recorder, final_journals
from history.troubles import start_as_soon_as_it_may, trouble_until_done, try_to_start
from support import figures
from support.command import everstore
from support.patched import patched
from support.server import RunningServer, alive
from support.waiting import until

CLIENTS = 16
RESETS = 0.02


def record(
    port: int, name: str, seed: object, most: int, clients: int = CLIENTS, resets: float = RESETS
) -> list[Recorder]:
    recorders = [
        Recorder(port, f"{name}.{number}", f"{seed} {name} {number}", most, resets) for number in range(clients)
    ]
    for recorder in recorders:
        recorder.start()
    return recorders


def operations_of(recorders: list[Recorder]) -> list[Operation]:
    """What all of them saw, when they have done their work."""
    for recorder in recorders:
        recorder.join()
    return [operation for recorder in recorders for operation in recorder.operations]


@pytest.mark.figures
@pytest.mark.slow
def test_histories_under_faults_are_sound(tmp_path: Path) -> None:
    goal = figures.goal("operations checked in histories", every_run=100_000, campaign=20_000_000)
    seed = figures.seed()
    choose = random.Random(seed)
    done = troubles = broken = turn = 0
    wrong: list[str] = []
    while not goal.enough(done) and not wrong:
        history: list[Operation] = []
        directory = tmp_path / str(turn)
        for start, end in enumerate((RunningServer.crash, RunningServer.kill, RunningServer.stop)):
            durability, workers = choose.choice(("fsync", "os")), choose.randint(1, 5)
            with closing(start_as_soon_as_it_may(directory, workers=workers, durability=durability)) as server:
                recorders = record(server.port, f"{turn}.{start}", seed, 1500)
                most = float("inf") if end is RunningServer.stop else choose.randint(1, 5)
                troubles += 1 + trouble_until_done(server, recorders, choose, most)
                if end is not RunningServer.stop:
                    end(server)
                history += operations_of(recorders)
            broken += sum(recorder.broken for recorder in recorders)
        # A start lays down what a crash left to be repaired; the last one has ended in order.
        wrong = check(history, final_journals(directory))
        assert everstore("verify", directory).returncode == 0
        done += len(history)
        turn += 1
    goal.reached(done, wrong=len(wrong), detail=f"{troubles} faults, {broken} connections broken by clients")
    assert not wrong, f"EVERSTORE_SEED={seed}\n" + "\n".join(wrong[:10])
    assert goal.enough(done)


NO_SIGNAL_FROM_THE_DEAD = """
from everstore.supervisor import spawn
spawn._libc = object()
"""


@pytest.mark.slow
def test_workers_that_outlive_their_supervisor_finish_before_another_server_begins(tmp_path: Path) -> None:
    """Where a system does not kill them with it, they learn it from their channels; the directory is theirs as long."""
    directory, histories = tmp_path / "journals", []
    env = patched(tmp_path / "patch", NO_SIGNAL_FROM_THE_DEAD)
    for turn in range(2):
        with RunningServer(directory, env=env, workers=2) as server:
            recorders = record(server.port, f"orphans {turn}", turn, 5000, clients=8)
            until(lambda started=recorders: len(started[0].operations) > 100, "the clients are at work")
            workers = server.worker_pids()
            for pid in workers:
                os.kill(pid, signal.SIGSTOP)
            server.kill()
            histories += operations_of(recorders)
            assert try_to_start(directory) is None
            for pid in workers:
                os.kill(pid, signal.SIGCONT)
            with closing(start_as_soon_as_it_may(directory)) as successor:
                assert not any(map(alive, workers))
                histories += operations_of(record(successor.port, f"heirs {turn}", turn, 200, clients=4))
    assert check(histories, final_journals(directory)) == []
    assert everstore("verify", directory).returncode == 0


def test_a_run_without_a_bug_is_sound(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server:
        history = operations_of(record(server.port, "sound", "sound", 400, clients=4))
    assert {each.outcome for each in history} >= {"ok", "conflict", "refused"}
    assert check(history, final_journals(tmp_path / "journals"), transactions_die=False) == []
