"""Every file call of the storage layer fails, at each of its uses, in every way: nothing acknowledged is lost, nothing
refused appears, and the next start makes everything good.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from random import Random

import pytest
from faults.calls import CAN_BE_SHORT, ERRORS, FILLS_UP, SHORT, Fault
from faults.states import STATES
from faults.sweep import Case, run
from support import figures


def faults_of(call: str, use: int) -> Iterator[Fault]:
    """All that can be done to one use of a call."""
    short = call.rpartition(".")[2] in CAN_BE_SHORT
    for error in ERRORS + ((SHORT,) if short else ()):
        yield Fault(call, use, error, for_ever=False)
        yield Fault(call, use, error, for_ever=True)
    if short:
        yield Fault(call, use, FILLS_UP, for_ever=True)


def cases(seed: int) -> list[Case]:
    """Each fault at each use that a life without faults has, in any order."""
    found = []
    for state in STATES:
        quiet = run(Case(state, seed, None))
        assert quiet.wrong == []
        assert not quiet.died
        found += [
            Case(state, seed, fault)
            for call, uses in quiet.uses.items()
            for use in range(1, uses + 1)
            for fault in faults_of(call, use)
        ]
    Random(seed).shuffle(found)
    return found


@pytest.mark.slow
@pytest.mark.figures
def test_nothing_acknowledged_is_lost_whichever_file_call_fails() -> None:
    goal = figures.goal("syscall faults", every_run=2_000, campaign=20_000)
    seed, done = figures.seed(), 0
    wrong: list[str] = []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        while not goal.enough(done) and not wrong:
            for found in pool.imap_unordered(run, cases(seed)[: goal.count - done], chunksize=8):
                done += found.fired > 0
                wrong += [f"{found.case}: {each}" for each in found.wrong]
            seed += 1
        pool.terminate()
    goal.reached(done, len(wrong))
    assert wrong == []
    assert goal.enough(done)
