"""Calls on sockets and processes fail in a real server, one at a time: whoever it does not meet is served on, whoever
it meets may come again, and nothing acknowledged is lost.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from faults.bothering import JOURNALS, everything_is_served, serves, wrongs_of
from support import figures
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

SHORT, STRUCK = -1, 200
"""As the meddler has them, which can only be imported in a server."""
OF_A_DEATH = {"socketpair", "fork", "waitpid"}
"""Calls that the supervisor makes when a worker has died."""

ERRORS = {
    ("supervisor", "inet.accept"): "EMFILE ENFILE ECONNABORTED ENOMEM ENOBUFS EINTR EPROTO EAGAIN EPERM",
    ("supervisor", "inet.setsockopt"): "EINVAL ENOBUFS ENOMEM",
    ("supervisor", "inet.setblocking"): "EIO ENOMEM",
    ("supervisor", "inet.recv"): "ECONNRESET ETIMEDOUT ENOMEM EAGAIN EINTR EIO short",
    ("supervisor", "inet.send"): "EPIPE ECONNRESET ENOBUFS ENOMEM EAGAIN EINTR short",
    ("supervisor", "unix.recv"): "ECONNRESET ENOMEM EAGAIN EINTR EIO short",
    ("supervisor", "unix.send"): "EPIPE ECONNRESET ENOBUFS ENOMEM EAGAIN EIO short",
    ("supervisor", "unix.setblocking"): "EIO ENOMEM",
    ("supervisor", "socketpair"): "EMFILE ENFILE ENOMEM",
    ("supervisor", "fork"): "EAGAIN ENOMEM",
    ("supervisor", "waitpid"): "ECHILD",
    ("supervisor", "wait_readable"): "ENOMEM ENOSPC",
    ("supervisor", "wait_writable"): "ENOMEM ENOSPC",
    ("worker", "unix.recv"): "ECONNRESET ENOMEM EAGAIN EINTR EIO short",
    ("worker", "unix.sendall"): "EPIPE ECONNRESET ENOBUFS ENOMEM EIO",
    ("worker", "poll"): "ENOMEM EINTR",
}


@dataclass(frozen=True, slots=True)
class Fault:
    role: str
    call: str
    use: int
    error: str
    for_ever: bool

    def order(self, number: int) -> bytes:
        error = SHORT if self.error == "short" else getattr(errno, self.error)
        return f"{number} {self.role} {self.call} {self.use} {error} {int(self.for_ever)}".encode()


def every_fault(uses: int) -> list[Fault]:
    return [
        Fault(role, call, use, error, for_ever)
        for (role, call), errors in ERRORS.items()
        for error in errors.split()
        for use in range(1, uses + 1)
        for for_ever in (False, True)
    ]


class Meddled(RunningServer):
    """A server whose calls fail within `with server.meddling(fault):`, where they come to that."""

    def __init__(self, directory: Path) -> None:
        (directory / "patch").mkdir()
        here = Path(__file__).parent
        shutil.copy(here / "meddler.py", directory / "patch/sitecustomize.py")
        page = directory / "page"
        page.write_bytes(bytes(STRUCK + 1))
        path = os.pathsep.join([str(directory / "patch"), *filter(None, [os.environ.get("PYTHONPATH")])])
        env = {**os.environ, "PYTHONPATH": path, "EVERSTORE_TEST_FAULTS": str(page)}
        super().__init__(directory / "journals", env=env)
        with page.open("r+b") as file:
            self._page = mmap.mmap(file.fileno(), STRUCK + 1)
        self._number = 0

    @contextmanager
    def meddling(self, fault: Fault) -> Iterator[None]:
        self._number += 1
        self._page[:] = fault.order(self._number).ljust(STRUCK + 1, b"\0")
        try:
            yield
        finally:
            self._page[:STRUCK] = bytes(STRUCK)

    @property
    def struck(self) -> bool:
        return bool(self._page[STRUCK])


@pytest.mark.slow
@pytest.mark.figures
def test_a_failed_call_on_a_socket_or_a_process_costs_only_whom_it_meets(tmp_path: Path) -> None:
    goal = figures.goal("faults of sockets and processes", every_run=100, campaign=300)
    seed, done = figures.seed(), 0
    faults = every_fault(uses=4 if figures.CAMPAIGN else 2)
    Random(seed).shuffle(faults)
    # Each call first, then whatever comes.
    firsts = {(fault.role, fault.call): fault for fault in reversed(faults)}
    wrong: list[str] = []
    met: set[str] = set()
    with Meddled(tmp_path) as server, Client(server.port) as steady:
        everything_is_served(server, steady)
        for number, fault in enumerate([*firsts.values(), *faults]):
            dying = fault.call in OF_A_DEATH
            wrong += wrongs_of(server, steady, b"load%d" % number, fault, dying, server.meddling(fault))
            done += server.struck
            met |= {f"{fault.role} {fault.call}"} if server.struck else set()
            if wrong or goal.enough(done):
                break
        code = server.stop()
    goal.reached(done, len(wrong), f"{len(met)} calls; from seed {seed}")
    assert wrong == []
    assert code == 0
    assert goal.enough(done)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("supervisor", "wait_readable", 1, "ENOMEM", for_ever=True),
        Fault("supervisor", "unix.recv", 1, "EIO", for_ever=False),
        Fault("supervisor", "socketpair", 1, "EMFILE", for_ever=False),
    ],
    ids=["waiting for anybody", "hearing a worker", "replacing a worker"],
)
def test_what_once_ended_the_server_costs_only_whom_it_meets(tmp_path: Path, fault: Fault) -> None:
    with Meddled(tmp_path) as server, Client(server.port) as steady:
        everything_is_served(server, steady)
        dying = fault.call in OF_A_DEATH
        assert wrongs_of(server, steady, b"load", fault, dying, meddling_until_it_strikes(server, fault)) == []


@contextmanager
def meddling_until_it_strikes(server: Meddled, fault: Fault) -> Iterator[None]:
    with server.meddling(fault):
        yield
        until(lambda: server.struck, "the fault strikes")


class StartedWithChildrenIgnored(RunningServer):
    def command(self) -> list[str]:
        ignoring = (
            "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execv(sys.argv[1], sys.argv[1:])"
        )
        return [sys.executable, "-c", ignoring, *super().command()]


def test_workers_die_in_a_server_that_was_started_with_dead_children_ignored(tmp_path: Path) -> None:
    with StartedWithChildrenIgnored(tmp_path) as server, Client(server.port) as client:
        client.append(JOURNALS[0], b"t 1")
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGKILL)
        until(lambda: serves(client, JOURNALS[0]), "a new worker serves")
        assert client.events(JOURNALS[0]) == [b"t 1"]
        until(lambda: "died (nobody knows how)" in server.log(), "it is logged")
