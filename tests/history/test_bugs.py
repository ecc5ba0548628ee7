"""Each bug in a running server shows in the history of its clients, within a second."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from history.bugs import BUGS, BUGS_OF_A_DEATH, BUGS_OF_TWO_WORKERS
from history.checker import check
from history.recorder import final_journals
from history.test_histories import operations_of, record
from kills.traps import KILL_ITSELF, OF_A_WORKER, trap
from support.patched import patched
from support.server import RunningServer

DYING = trap(OF_A_WORKER["before the log is written"], KILL_ITSELF, calls=20)
"""Each worker dies when its clients have been answered what its log's last record holds, and more is in flight: a
replay that is wrong has something to spoil then, whatever else the machine does.
"""


def faults(tmp_path: Path, bug: str, workers: int = 1, dying: str = "") -> list[str]:
    """What the checker says of a short run with this bug, in which workers may die."""
    env = patched(tmp_path / "bug", dying + dedent(bug))
    with RunningServer(tmp_path / "journals", env=env, workers=workers) as server:
        history = operations_of(record(server.port, "bug", bug, 2000 if dying else 1000, clients=4))
        assert (" died (" in server.log()) == bool(dying)
    assert len(history) > 1000
    return check(history, final_journals(tmp_path / "journals"), transactions_die=bool(dying))


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
    assert faults(tmp_path, BUGS_OF_A_DEATH[bug], dying=DYING)


@pytest.mark.slow
def test_deaths_without_a_bug_are_sound(tmp_path: Path) -> None:
    assert faults(tmp_path, "", workers=2, dying=DYING) == []
