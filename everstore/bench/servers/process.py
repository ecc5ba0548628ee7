"""Child processes that are always ended: at the end of their block, and by the kernel when the benchmark is killed."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from everstore.bench.driver import Failed

START_S_MAX = 60.0
STOP_S_MAX = 60.0
POLL_S = 0.01
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def program(name: str, *folders: str) -> str | None:
    """The path of an installed program, looked for in the PATH and in further folders; None when there is none."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", *folders]))


def free_port() -> int:
    """A port of loopback that nobody listens on. Should somebody take it before it is used, the start fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], log: Path, end: signal.Signals = signal.SIGTERM, user: str | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process of its own session, so that Ctrl-C reaches it only through here; ended by `end`, then by SIGKILL."""
    who = pwd.getpwnam(user) if user else None
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=who.pw_uid if who else None,
            group=who.pw_gid if who else None,
            extra_groups=[] if who else None,
            preexec_fn=_end_with_parent,
            cwd="/",
            env=_environment(),
        )
    try:
        yield process
    finally:
        stop(process, end)


def stop(process: subprocess.Popen[bytes], end: signal.Signals) -> None:
    """End it and whatever it has started, and wait for that."""
    started = family(process.pid)
    if process.poll() is None:
        process.send_signal(end)
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S_MAX)
    for each in started:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait()
    await_end(started)


def await_end(processes: Sequence[psutil.Process]) -> None:
    """Until none of them runs any more; whoever is to hear of their ends may take its time."""
    deadline = time.monotonic() + STOP_S_MAX
    while any(map(_runs, processes)) and time.monotonic() < deadline:
        time.sleep(POLL_S)


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def family(pid: int) -> list[psutil.Process]:
    """The process, and all that it started."""
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    return []


def await_start(process: subprocess.Popen[bytes], log: Path, is_ready: Callable[[], bool]) -> None:
    """Raises Failed: it ended, or is not ready in time."""
    deadline = time.monotonic() + START_S_MAX
    while not is_ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Failed(f"a server did not start: {log.read_text()[-2000:]}")
        time.sleep(POLL_S)


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1.0):
        return True
    return False


def _environment() -> dict[str, str]:
    """Without the settings of an Everstore that somebody uses here: each server is as its command line says."""
    return {name: value for name, value in os.environ.items() if not name.startswith("EVERSTORE_")}


def _end_with_parent() -> None:
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
