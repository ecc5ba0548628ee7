"""Every file call of the storage layer fails, at each of its uses, in every way: nothing acknowledged is lost, nothing
refused appears, and the next start makes everything good. Again while what such a fault has left is being repaired.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from itertools import count
from random import Random

import pytest
from faults.calls import CAN_BE_SHORT, ERRORS, FILLS_UP, SHORT, Fault
from faults.programs import PROGRAMS
from faults.states import STATES, without_what_was_acknowledged
from faults.sweep import BACKUP, ENDS, Case, run
from support import figures

PLACES = [
    (program, state)
    for program in PROGRAMS
    for state in STATES
    # everstore repair takes for granted that a person agrees with the loss, and so changes what the sweep holds fast.
    if program != "repair" or state != without_what_was_acknowledged.__name__
] + [(BACKUP, "nothing")]
SECONDS_IN = 4
"""Of so many cases one is a second fault, while what the first has left is being repaired."""


def ways(call: str) -> Iterator[tuple[str, bool]]:
    """In which a call can fail: the error, and whether for ever."""
    short = call.rpartition(".")[2] in CAN_BE_SHORT
    for error in ERRORS + ((SHORT,) if short else ()):
        yield error, False
        yield error, True
    if short:
        yield FILLS_UP, True


def cases(seed: int) -> list[Case]:
    """Each way of each use that a life without faults has; first of all each way of each call once, then in any
    order.
    """
    chance = Random(seed)
    first: dict[tuple[str, str, bool], Case] = {}
    rest: list[Case] = []
    for program, state in PLACES:
        quiet = run(Case(program, state, seed))
        assert quiet.wrong == []
        assert not quiet.died
        everything = [
            Fault(call, use, error, for_ever)
            for call, uses in quiet.uses.items()
            for use in range(1, uses + 1)
            for error, for_ever in ways(call)
        ]
        chance.shuffle(everything)
        for number, fault in enumerate(everything):
            again = everything[number - 1] if number % SECONDS_IN == 0 else fault
            faults = (fault, again) if fault.for_ever or again is not fault else (fault,)
            case = Case(program, state, seed, faults, chance.choice(ENDS))
            if first.setdefault((fault.call, fault.error, fault.for_ever), case) is not case:
                rest.append(case)
    chance.shuffle(rest)
    return [*first.values(), *rest]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.figures
def test_nothing_acknowledged_is_lost_whichever_file_call_fails() -> None:
    goal = figures.goal("syscall faults", every_run=2_000, campaign=20_000)
    first = figures.seed()
    done = seconds = died = 0
    wrong: list[str] = []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for seed in count(first):
            for found in pool.imap_unordered(run, cases(seed), chunksize=8):
                done += found.fired > 0
                seconds += len(set(found.case.faults)) > 1
                died += found.died
                wrong += [f"{found.case}: {each}" for each in found.wrong]
                if goal.enough(done) or wrong:
                    break
            if goal.enough(done) or wrong:
                break
        pool.terminate()
    goal.reached(done, len(wrong), f"{died:,} ended a process, {seconds:,} with a second one; from seed {first}")
    assert wrong == []
    assert goal.enough(done)
