"""The power fails at any moment of a real server's work on real file systems: what was acknowledged is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support import figures
from support.lab import device
from support.lab.breaks import BREAKS
from support.lab.run import FILE_SYSTEMS

TESTS = Path(__file__).parents[1]
STATES_OF_A_RECORDING = 2500  # or some more; the second cuts are among them
PROCESSES = 2


@dataclass(slots=True)
class Sum:
    states: int = 0
    second_cuts: int = 0
    unmountable: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(self, job: str, found: dict[str, object]) -> None:
        self.states += int(str(found["states"]))
        self.second_cuts += int(str(found["second_cuts"]))
        self.unmountable += int(str(found["unmountable"]))
        self.wrong += [f"{job}: {each}" for each in found["wrong"]]  # type: ignore[attr-defined]
        self.kinds.update(found["kinds"])  # type: ignore[arg-type]


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    try:
        device.require()
    except device.Unable as unable:
        pytest.skip(str(unable))


def laboratory(*arguments: object) -> dict[str, object]:
    """One run of it in a process of its own."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent), os.environ.get("PYTHONPATH", "")])
    ran = subprocess.run(
        [sys.executable, "-m", "support.lab.run", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not ran.returncode, ran.stderr[-3000:]
    found: dict[str, object] = json.loads(ran.stdout)
    return found


def jobs(count: int, seed: int) -> Iterator[tuple[str, str, int]]:
    """(file system, durability, seed), the slowest file system first, and by turns with the setting "os"."""
    for name, system in sorted(FILE_SYSTEMS.items(), key=lambda item: item[1].share):
        for number in range(max(1, round(system.share * count / STATES_OF_A_RECORDING))):
            yield name, "os" if number % 3 == 2 else "fsync", seed + 100 * number


@pytest.mark.slow
@pytest.mark.figures
def test_whatever_a_power_cut_leaves_of_a_real_file_system_holds_all_that_was_acknowledged() -> None:
    goal = figures.goal("real crash states, 4 file systems", every_run=20_000, campaign=1_000_000)
    seed = figures.seed()
    found = Sum()

    def do(job: tuple[str, str, int]) -> None:
        if not (figures.CAMPAIGN and goal.time_is_up()):
            found.add(f"{' '.join(map(str, job))}", laboratory(*job, 1))

    with ThreadPoolExecutor(PROCESSES) as pool:
        list(pool.map(do, jobs(goal.count, seed)))
    detail = (
        f"{found.second_cuts:,} of them cuts of a recovery; {found.unmountable} that no file system mounts; seed {seed}"
    )
    goal.reached(found.states, len(found.wrong), detail)
    assert found.wrong == []
    assert goal.enough(found.states)
    assert found.unmountable < found.states / 20
    if found.states >= goal.count:  # A campaign whose time was up may not have come to each file system.
        assert {"empty", "ends in a marker", "cut short", "zeros at the end"} <= set(found.kinds), found.kinds


@pytest.mark.slow
@pytest.mark.parametrize("broken", BREAKS)
def test_the_laboratory_finds_what_is_broken_on_purpose(broken: str) -> None:
    assert laboratory("ext4", "fsync", 1, 4000, broken)["wrong"] != []
