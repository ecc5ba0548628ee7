"""System calls of a real server fail by strace, which comes between it and the kernel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from faults.bothering import everything_is_served, wrongs_of
from support import figures
from support.altered import AlteredServer
from support.wire import Client

TOOLS = Path(__file__).parents[2] / "scripts/trace-tools"
LIMITS = {"COMMIT_LOG_BYTES": 4096, "WORKER_YOUNG_S": 0.0}
"""So that a few commits fill a log, and workers that die are replaced at once."""

ERRORS = {
    ("worker", "pwrite64"): "EIO ENOSPC EDQUOT",
    ("worker", "fdatasync"): "EIO ENOSPC EDQUOT",
    ("worker", "syncfs"): "EIO ENOSPC",
    ("worker", "openat"): "EMFILE ENFILE ENOMEM EIO",
    ("worker", "mkdirat"): "ENOSPC EDQUOT EIO",
    ("worker", "fstatfs"): "EIO",
    ("worker", "close"): "EIO",
    ("worker", "recvfrom"): "ENOMEM ECONNRESET",
    ("worker", "sendto"): "EPIPE ENOBUFS ENOMEM",
    ("supervisor", "accept4"): "EMFILE ENFILE ECONNABORTED ENOMEM",
    ("supervisor", "recvfrom"): "ECONNRESET ENOMEM",
    ("supervisor", "sendto"): "EPIPE ENOBUFS",
    ("supervisor", "setsockopt"): "ENOBUFS",
    ("supervisor", "epoll_ctl"): "ENOMEM ENOSPC",
    ("supervisor", "epoll_wait"): "EINTR",
    ("supervisor", "socketpair"): "EMFILE",
    ("supervisor", "clone"): "EAGAIN ENOMEM",
}
OF_A_DEATH = {"socketpair", "clone"}


@dataclass(frozen=True, slots=True)
class Fault:
    """`when`: as strace has it, such as 2, or 2+ for "from then on"."""

    role: str
    call: str
    error: str
    when: str


def every_fault() -> list[Fault]:
    return [
        Fault(role, call, error, when)
        for (role, call), errors in ERRORS.items()
        for error in errors.split()
        for when in ("1", "1+", "2", "3", "4", "6")
        if (error, when) != ("EINTR", "1+")  # Python tries again for ever: no kernel interrupts for ever.
    ]


@contextmanager
def traced(pid: int, fault: Fault, said: Path) -> Iterator[None]:
    inject = f"inject={fault.call}:error={fault.error}:when={fault.when}"
    command = ["strace", "-p", str(pid), "-o", str(said), "-e", f"trace={fault.call}", "-e", inject]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
        assert tracer.stderr is not None
        line = tracer.stderr.readline()
        if "attached" not in line:
            pytest.skip(f"strace cannot trace here: {line.strip()}")
        try:
            yield
        finally:
            tracer.terminate()


@pytest.mark.slow
@pytest.mark.figures
def test_a_failed_system_call_of_a_real_server_loses_nothing_acknowledged(tmp_path: Path) -> None:
    tools = subprocess.run(["bash", str(TOOLS)], capture_output=True, text=True)
    if tools.returncode:
        pytest.skip(tools.stderr.strip())
    goal = figures.goal("faults of a real server by strace", every_run=40, campaign=400)
    seed, done = figures.seed(), 0
    chance = Random(seed)
    faults = every_fault()
    chance.shuffle(faults)
    met: set[tuple[str, str]] = set()
    wrong: list[str] = []
    with AlteredServer(tmp_path / "journals", limits=LIMITS, workers=1) as server, Client(server.port) as steady:
        everything_is_served(server, steady)
        number = 0
        while not goal.enough(done) and not wrong:
            fault = faults[number % len(faults)]
            said = tmp_path / "said"
            pid = server.pid if fault.role == "supervisor" else server.worker_pids()[0]
            dying = fault.call in OF_A_DEATH
            wrong += wrongs_of(server, steady, b"load%d" % number, fault, dying, traced(pid, fault, said))
            if "INJECTED" in said.read_text():
                done += 1
                met.add((fault.role, fault.call))
            number += 1
    goal.reached(done, len(wrong), f"{len(met)} calls; from seed {seed}")
    assert wrong == []
    assert goal.enough(done)
