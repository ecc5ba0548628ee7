"""Workers that die at each named moment of a commit, again and again: the same connections go on, and nothing
acknowledged is lost or doubled.

The moment is put in front of the real server as `sitecustomize`: the process kills itself at every so many-th call.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from history.checker import Operation, check
from history.recorder import Recorder, final_journals
from support import figures
from support.command import everstore
from support.patched import patched
from support.server import RunningServer

CALLS = 12  # of the function from one worker's start to its end
CLIENTS = 4
DIED = "killed by SIGKILL"
MOMENTS = {
    "before the log is written": ("storage.commit_log", "CommitLog._write", "before"),
    "after the log is written": ("storage.commit_log", "CommitLog._write", "after"),
    "after the sync": ("storage.commit_log", "CommitLog.sync", "after"),
    "before the journal is appended to": ("storage.journals", "JournalFiles.append", "before"),
    "between the append and the turned marker": ("storage.disk", "Disk.write", "marker"),
    "before the answer": ("engine.group_commit", "GroupCommit.commit", "after"),
}
KILLER = """
import importlib, os, signal
from everstore import limits
limits.WORKER_YOUNG_S = 0.0  # or it would pause for longer after each death
owner, _, name = {function!r}.partition(".")
owner = getattr(importlib.import_module("everstore.{module}"), owner)
right = getattr(owner, name)
calls = 0
def count(data):
    global calls
    calls += {when!r} != "marker" or data == b"\\n"
    if calls == {calls}:
        os.kill(os.getpid(), signal.SIGKILL)
def counted(*arguments):
    if {when!r} != "after":
        count(arguments[-1])
    result = right(*arguments)
    if {when!r} == "after":
        count(None)
    return result
setattr(owner, name, counted)
"""


def killing(directory: Path, moment: str) -> dict[str, str]:
    """The environment of a server whose workers die at this moment."""
    module, function, when = MOMENTS[moment]
    return patched(directory, KILLER.format(module=module, function=function, when=when, calls=CALLS))


@pytest.mark.figures
@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_workers_die_at_each_moment(tmp_path: Path) -> None:
    goal = figures.goal("kills", every_run=300, campaign=20_000)
    seed = figures.seed()
    done = turn = 0
    wrong: list[str] = []
    while (turn < len(MOMENTS) or not goal.enough(done)) and not wrong:
        moment = list(MOMENTS)[turn % len(MOMENTS)]
        directory = tmp_path / f"{turn}"
        with RunningServer(directory, env=killing(tmp_path / f"patch{turn}", moment)) as server:
            recorders = [Recorder(server.port, f"{turn}.{n}", f"{seed} {turn} {n}", 2000) for n in range(CLIENTS)]
            for recorder in recorders:
                recorder.start()
            for recorder in recorders:
                recorder.join()
            kills = server.log().count(DIED)
        assert kills, f"nobody died {moment}"
        assert not any(recorder.lost for recorder in recorders), "a worker's death ends no connection"
        history: list[Operation] = [each for recorder in recorders for each in recorder.operations]
        assert everstore("repair", directory).returncode == 0
        assert everstore("verify", directory).returncode == 0
        wrong = [f"{moment}: {fault}" for fault in check(history, final_journals(directory))]
        done += kills
        turn += 1
    goal.reached(done, wrong=len(wrong), detail=f"{len(MOMENTS)} moments of a worker")
    assert not wrong, f"EVERSTORE_SEED={seed}\n" + "\n".join(wrong[:10])
    assert goal.enough(done)
