"""Each bug in a running server shows in the history of its clients, within a second."""

from __future__ import annotations

import random
from pathlib import Path
from textwrap import dedent

import pytest
from history.bugs import BUGS, BUGS_OF_A_DEATH, BUGS_OF_TWO_WORKERS, NO_PAUSE_AFTER_DEATHS
from history.checker import check
from history.recorder import Recorder, final_journals
from history.test_histories import operations_of, record
from history.troubles import kill_a_worker
from support.patched import patched
from support.server import RunningServer
from support.waiting import until


def done(recorders: list[Recorder]) -> int:
    return sum(len(recorder.operations) for recorder in recorders)


def faults(tmp_path: Path, bug: str, workers: int = 1, deaths: int = 0) -> list[str]:
    """What the checker says of a short run with this bug, and so many deaths of workers."""
    env = patched(tmp_path / "bug", NO_PAUSE_AFTER_DEATHS + dedent(bug))
    with RunningServer(tmp_path / "journals", env=env, workers=workers) as server:
        recorders = record(server.port, "bug", bug, 2000 if deaths else 600, clients=4)
        for death in range(deaths):
            until(lambda most=1000 * (death + 1): done(recorders) > most, "the clients get on")
            kill_a_worker(server, random.Random(bug))
        history = operations_of(recorders)
    assert len(history) > 1000
    return check(history, final_journals(tmp_path / "journals"), transactions_die=bool(deaths))


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_bug_is_caught(tmp_path: Path, bug: str) -> None:
    assert faults(tmp_path, BUGS[bug])


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS_OF_TWO_WORKERS)
def test_a_bug_between_two_workers_is_caught(tmp_path: Path, bug: str) -> None:
    assert faults(tmp_path, BUGS_OF_TWO_WORKERS[bug], workers=2)


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS_OF_A_DEATH)
def test_a_bug_that_shows_when_workers_die_is_caught(tmp_path: Path, bug: str) -> None:
    assert faults(tmp_path, BUGS_OF_A_DEATH[bug], deaths=6)


@pytest.mark.slow
def test_deaths_without_a_bug_are_sound(tmp_path: Path) -> None:
    assert faults(tmp_path, "", workers=2, deaths=6) == []
