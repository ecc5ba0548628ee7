"""Deeds at named moments: a server's process that kills, or stops, itself or the others when it has come to the moment
for so many-th time.

A worker that has stopped is left to the supervisor, which ends it; a supervisor that has stopped is made to go on.
"""

from __future__ import annotations

from dataclasses import dataclass

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class Moment:
    """Before or after a function of the server. `data`: only when that is what it is called with."""

    module: str
    function: str
    when: str
    data: bytes | None = None


OF_A_WORKER = {
    "before the log is written": Moment("storage.commit_log", "CommitLog._write", BEFORE),
    "after the log is written": Moment("storage.commit_log", "CommitLog._write", AFTER),
    "after the sync": Moment("storage.commit_log", "CommitLog.sync", AFTER),
    "before the journal is appended to": Moment("storage.journals", "JournalFiles.append", BEFORE),
    "between the append and the turned marker": Moment("storage.disk", "Disk.write", BEFORE, b"\n"),
    "before the answer": Moment("engine.group_commit", "GroupCommit.commit", AFTER),
}
OF_THE_SUPERVISOR = {
    "before requests are passed on": Moment("supervisor.switchboard", "Switchboard.route", BEFORE),
    "after requests are passed on": Moment("supervisor.switchboard", "Switchboard.route", AFTER),
    "before answers are passed on": Moment("supervisor.switchboard", "Switchboard.deliver", BEFORE),
    "after answers are passed on": Moment("supervisor.switchboard", "Switchboard.deliver", AFTER),
}

KILL_ITSELF = "os.kill(os.getpid(), signal.SIGKILL)"
STOP_ITSELF = "os.kill(os.getpid(), signal.SIGSTOP)"
STOP_ITSELF_FOR_A_WHILE = f"""
    os.posix_spawn("/bin/sh", ["sh", "-c", f"sleep 0.05; kill -CONT {{os.getpid()}}"], os.environ)
    {STOP_ITSELF}"""
KILL_THE_SUPERVISOR = "os.kill(os.getppid(), signal.SIGKILL)"
KILL_BOTH = f"""
    {KILL_THE_SUPERVISOR}
    {KILL_ITSELF}"""

_TRAP = """
import importlib, os, signal
from everstore import limits
limits.WORKER_YOUNG_S = 0.0  # or it would pause for longer after each death
limits.WORKER_PULSE_S, limits.WORKER_SILENT_LOOKS_MAX, limits.WORKER_EXIT_S_MAX = 0.3, 3, 0.1
def deed():
    {deed}
def lay():  # A scope of its own: other code may stand behind it.
    owner, _, name = {moment.function!r}.partition(".")
    owner = getattr(importlib.import_module("everstore.{moment.module}"), owner)
    right = getattr(owner, name)
    calls = 0
    def count(data):
        nonlocal calls
        calls += {moment.data!r} in (None, data)
        if calls == {calls}:
            calls += 1
            deed()
    def counted(*arguments):
        if {moment.when!r} == "before":
            count(arguments[-1])
        result = right(*arguments)
        if {moment.when!r} == "after":
            count(arguments[-1])
        return result
    setattr(owner, name, counted)
lay()
"""


def trap(moment: Moment, deed: str, calls: int) -> str:
    """Code for a server that does `deed` at the `calls`-th coming of `moment` in a process's life."""
    return _TRAP.format(moment=moment, deed=deed, calls=calls)
