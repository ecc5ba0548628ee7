"""Many clients on a real server under faults: what they were told fits one order of commits on each journal."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
from history.bugs import SERVER_BUGS, environment
from history.checker import Operation, check
from history.recorder import Recorder, final_journals
from support import figures
from support.command import everstore
from support.server import RunningServer

CLIENTS = 16
FAULT_EVERY_S = 0.3


def record(port: int, name: str, seed: str, most: int, clients: int = CLIENTS) -> list[Recorder]:
    recorders = [Recorder(port, f"{name}.{number}", f"{seed} {name} {number}", most) for number in range(clients)]
    for recorder in recorders:
        recorder.start()
    return recorders


def break_until_done(server: RunningServer, recorders: list[Recorder], choose: random.Random, supervisor: bool) -> int:
    """Kill or stop a worker now and then, at the end perhaps the whole server; how many faults that were."""
    faults = 0
    while any(recorder.is_alive() for recorder in recorders):
        recorders[0].join(FAULT_EVERY_S * choose.uniform(0.5, 1.5))
        pids = server.worker_pids()
        if not pids:
            continue
        pid, faults = choose.choice(pids), faults + 1
        try:
            if choose.random() < 0.5:
                os.kill(pid, signal.SIGKILL)
            else:
                os.kill(pid, signal.SIGSTOP)
                time.sleep(choose.uniform(0.01, 0.1))  # This is the fault: a worker that stands still for so long.
                os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue
        if supervisor and faults == 4:
            server.crash()
            break
    for recorder in recorders:
        recorder.join()
    return faults


@pytest.mark.figures
@pytest.mark.slow
def test_histories_under_faults_are_sound(tmp_path: Path) -> None:
    goal = figures.goal("operations checked in histories", every_run=100_000, campaign=20_000_000)
    seed = figures.seed()
    choose = random.Random(seed)
    done = faults = turn = 0
    wrong: list[str] = []
    while not goal.enough(done) and not wrong:
        history: list[Operation] = []
        directory = tmp_path / str(turn)
        for start in range(3):
            durability, workers = choose.choice(("fsync", "os")), choose.randint(1, 5)
            with RunningServer(directory, workers=workers, durability=durability) as server:
                recorders = record(server.port, f"{turn}.{start}", str(seed), 1500)
                faults += break_until_done(server, recorders, choose, supervisor=start == 1)
            history += [operation for recorder in recorders for operation in recorder.operations]
        # A start lays down what a crash left to be repaired; the last one has ended in order.
        wrong = check(history, final_journals(directory))
        assert everstore("verify", directory).returncode == 0
        done += len(history)
        turn += 1
    goal.reached(done, wrong=len(wrong), detail=f"{faults} faults")
    assert not wrong, f"EVERSTORE_SEED={seed}\n" + "\n".join(wrong[:10])
    assert goal.enough(done)


@pytest.mark.slow
@pytest.mark.parametrize("bug", SERVER_BUGS)
def test_a_bug_in_the_server_is_caught(tmp_path: Path, bug: str) -> None:
    env = environment(tmp_path / "bug", bug)
    with RunningServer(tmp_path / "journals", env=env, workers=1) as server:
        recorders = record(server.port, "bug", bug, 400, clients=4)
        for recorder in recorders:
            recorder.join()
    history = [operation for recorder in recorders for operation in recorder.operations]
    assert len(history) > 1000
    assert check(history, final_journals(tmp_path / "journals"))


def test_the_same_run_without_a_bug_is_sound(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server:
        recorders = record(server.port, "sound", "sound", 400, clients=4)
        for recorder in recorders:
            recorder.join()
    history = [operation for recorder in recorders for operation in recorder.operations]
    assert {each.outcome for each in history} >= {"ok", "conflict", "refused"}
    assert check(history, final_journals(tmp_path / "journals")) == []
