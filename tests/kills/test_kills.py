"""Workers and supervisors that die, or stop, at each named moment: nothing acknowledged is lost or doubled, and where
only a worker does, the same connections go on.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from history.checker import Operation, check
from history.recorder import Recorder, final_journals
from history.troubles import start_as_soon_as_it_may
from kills import traps
from kills.traps import OF_A_WORKER, OF_THE_SUPERVISOR, Moment, trap
from support import figures
from support.command import everstore
from support.patched import patched

CLIENTS = 4
DIED = "killed by SIG"
HUNG = " hangs; "


class Run:
    """One journal directory, and what was done to its servers: `history`, `deaths`, `lost` connections."""

    def __init__(self, directory: Path, seed: object) -> None:
        self.journals = directory / "journals"
        self.history: list[Operation] = []
        self.deaths = self.lost = self.starts = 0
        self._directory = directory
        self._seed = seed
        directory.mkdir()

    def serve(self, moment: Moment, deed: str, calls: int, most: int, bug: str = "") -> str:
        """A server with a trap, and perhaps a bug, and clients that do `most` operations each; returns its log."""
        code = trap(moment, deed, calls) + bug
        return self._serve(patched(self._directory / f"server{self.starts}", code), most)

    def wrong(self) -> list[str]:
        """What is, after one more start that repairs, and an end in order."""
        log = self._serve(None, most=40)
        assert DIED not in log
        verified = everstore("verify", self.journals)
        faults = [] if verified.returncode == 0 else [verified.stdout]
        return check(self.history, final_journals(self.journals)) + faults

    def _serve(self, env: dict[str, str] | None, most: int) -> str:
        self.starts += 1
        with closing(start_as_soon_as_it_may(self.journals, env=env)) as server:
            names = [f"{self.starts}.{number}" for number in range(CLIENTS)]
            recorders = [Recorder(server.port, name, f"{self._seed} {name}", most) for name in names]
            for recorder in recorders:
                recorder.start()
            for recorder in recorders:
                recorder.join()
            self.history += [operation for recorder in recorders for operation in recorder.operations]
            self.lost += sum(recorder.lost for recorder in recorders)
            # Before it is told to end: workers that it then ends count, too.
            log = server.log()
        self.deaths += log.count(DIED)
        return log


def workers_are_killed(run: Run) -> None:
    for moment in OF_A_WORKER.values():
        assert DIED in run.serve(moment, traps.KILL_ITSELF, calls=12, most=2000), moment
    assert not run.lost, "a worker's death ends no connection"


def workers_stop(run: Run) -> None:
    for moment in OF_A_WORKER.values():
        assert HUNG in run.serve(moment, traps.STOP_ITSELF, calls=30, most=200), moment
    assert not run.lost, "a worker that hangs ends no connection"


def supervisors_are_killed(run: Run) -> None:
    for number, moment in enumerate([*OF_A_WORKER.values(), *OF_THE_SUPERVISOR.values()]):
        deed = traps.KILL_THE_SUPERVISOR if number < len(OF_A_WORKER) else traps.KILL_ITSELF
        run.serve(moment, deed, calls=30, most=10_000)
        run.deaths += 1
        assert run.lost >= run.starts, moment


def both_are_killed(run: Run) -> None:
    for moment in OF_A_WORKER.values():
        run.serve(moment, traps.KILL_BOTH, calls=30, most=10_000)
        run.deaths += 1
        assert run.lost >= run.starts, moment


def supervisors_stop(run: Run) -> None:
    for moment in OF_THE_SUPERVISOR.values():
        assert DIED not in run.serve(moment, traps.STOP_ITSELF_FOR_A_WHILE, calls=30, most=400), moment
        run.deaths += 1
    assert not run.lost, "clients wait for a supervisor that stands still"


WHAT_HAPPENS: tuple[Callable[[Run], None], ...] = (
    workers_are_killed,
    workers_stop,
    supervisors_are_killed,
    both_are_killed,
    supervisors_stop,
)


@pytest.mark.figures
@pytest.mark.slow
def test_nothing_acknowledged_is_lost_or_doubled_at_any_named_moment(tmp_path: Path) -> None:
    goal = figures.goal("kills", every_run=300, campaign=20_000)
    seed = figures.seed()
    done = turn = 0
    wrong: list[str] = []
    while (turn < len(WHAT_HAPPENS) or not goal.enough(done)) and not wrong:
        happens = WHAT_HAPPENS[turn % len(WHAT_HAPPENS)]
        run = Run(tmp_path / str(turn), f"{seed} {turn}")
        happens(run)
        wrong = [f"{happens.__name__}: {fault}" for fault in run.wrong()]
        done += run.deaths
        turn += 1
    goal.reached(
        done,
        wrong=len(wrong),
        detail=f"{len(OF_A_WORKER)} moments of a worker, {len(OF_THE_SUPERVISOR)} of a supervisor",
    )
    assert not wrong, f"EVERSTORE_SEED={seed}\n" + "\n".join(wrong[:10])
    assert goal.enough(done)


BUGS = {
    "nothing is replayed": "lambda disk, trust, batches, sure: 0",
    "the last batch is not replayed": "lambda disk, trust, batches, sure: replay(disk, trust, batches[:-1], sure)",
}


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_server_with_a_bug_is_found_out(tmp_path: Path, bug: str) -> None:
    run = Run(tmp_path / "run", "a bug")
    code = f"\nfrom everstore.storage import recovery\nreplay, recovery.replay = recovery.replay, {BUGS[bug]}\n"
    run.serve(OF_A_WORKER["between the append and the turned marker"], traps.KILL_ITSELF, 12, most=1000, bug=code)
    assert run.wrong() != []
