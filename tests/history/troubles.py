"""What befalls a real server while clients are at work on it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from history.recorder import Recorder
from support.server import RunningServer
from support.waiting import until

EVERY_S = 0.3
Trouble = Callable[[RunningServer, Random], None]


def kill_a_worker(server: RunningServer, choose: Random) -> None:
    for pid in server.worker_pids()[: choose.randint(1, 2)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def hold_up_a_worker(server: RunningServer, choose: Random) -> None:
    if pids := server.worker_pids():
        _hold_up(choose.choice(pids), choose.uniform(0.01, 0.1))


def hold_up_the_supervisor(server: RunningServer, choose: Random) -> None:
    """Its workers go on with what they have."""
    _hold_up(server.pid, choose.uniform(0.01, 0.2))


def _hold_up(pid: int, seconds: float) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        time.sleep(seconds)  # This is the trouble: a process that stands still for so long.
        os.kill(pid, signal.SIGCONT)


TROUBLES: tuple[Trouble, ...] = (kill_a_worker, hold_up_a_worker, hold_up_the_supervisor)


def trouble_until_done(
    server: RunningServer,
    recorders: list[Recorder],
    choose: Random,
    most: float,
) -> int:
    """One now and then, until the clients have done their work, or so many have been; returns how many there were."""
    happened = 0
    while happened < most and any(recorder.is_alive() for recorder in recorders):
        recorders[0].join(EVERY_S * choose.uniform(0.5, 1.5))
        choose.choice(TROUBLES)(server, choose)
        happened += 1
    return happened


def try_to_start(journals: Path, **options: object) -> RunningServer | None:
    """None as long as another server's process has not ended that may still write there."""
    server = RunningServer(journals, **options)
    try:
        return server.start()
    except AssertionError:
        log = server.log()
        server.close()
        if "is in use by" in log:
            return None
        raise


def start_as_soon_as_it_may(journals: Path, **options: object) -> RunningServer:
    """A server on a directory whose last supervisor was killed a moment ago."""
    return until(lambda: try_to_start(journals, **options), "the last server's workers have ended")
