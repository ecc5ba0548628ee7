"""A stage for an adapter's tests, in whatever language: real servers that start, die and lose answers on command.

Started as a process, it reads one JSON object a line and answers each with one. At the end of its input it ends all
that it has started. README.md beside this file has the commands.

Error handling: a command that cannot be done is answered with {"error": reason}; nothing else is done with it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "adapters/python"), str(REPOSITORY / "tests")]

from support.cutting_proxy import CuttingProxy  # noqa: E402 - found by the line above
from support.server import RunningServer  # noqa: E402
from support.version_1 import server_of_version_1  # noqa: E402
from support.waiting import until  # noqa: E402

BETWEEN_KILLS_S = 0.3
"""For so long at least all workers serve, so that what is to succeed at last can, also on a busy machine."""


KILLS_MAX = 7
"""A server replaces a worker that dies young again and again after pauses that double: these make 6 seconds with one
worker, and each further death as much again. No client waits for ever.
"""


class Killer:
    """Kills a worker, waits until its successor serves, and begins again, for KILLS_MAX times."""

    def __init__(self, server: RunningServer) -> None:
        self.killed = 0
        self._server = server
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._kill)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _kill(self) -> None:
        while self.killed < KILLS_MAX and not self._ended.wait(BETWEEN_KILLS_S):
            served = self._served_again()
            kill_one(self._server)
            self.killed += 1
            until(lambda served=served: self._served_again() > served, "the worker is replaced")  # type: ignore[misc]

    def _served_again(self) -> int:
        """How often a successor has begun to serve; a process that is there may still be on its way to that."""
        return self._server.log().count("serves again")


def kill_one(server: RunningServer) -> None:
    os.kill(random.choice(server.worker_pids()), signal.SIGKILL)


class Stage:
    """One server at a time, and what stands between it and its clients."""

    def __init__(self) -> None:
        self._running = ExitStack()
        self._server: RunningServer
        self._proxy: CuttingProxy
        self._killer: Killer

    def start(self, workers: int, protocol: str = "native", cutting: bool = False, killing: bool = False) -> Any:
        """Ends what runs, and starts a server of its own journals."""
        self.end()
        folder = Path(self._running.enter_context(tempfile.TemporaryDirectory(prefix="everstore-stage-")))
        make = {"native": RunningServer, "version 1": server_of_version_1}[protocol]
        self._server = self._running.enter_context(make(folder / "server", workers=workers))
        self._server.options["port"] = port = self._server.port
        if cutting:
            self._proxy = self._running.enter_context(CuttingProxy(port))
            port = self._proxy.port
        if killing:
            self._killer = Killer(self._server)
            self._running.callback(self._killer.stop)
        return {"port": port}

    def end(self) -> Any:
        self._running.close()
        return {}

    def kill_workers(self) -> Any:
        """All at one moment; answers when as many are there again."""
        workers = self._server.worker_pids()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        until(
            lambda: len(now := self._server.worker_pids()) == len(workers) and not set(now) & set(workers),
            "all workers are replaced",
        )
        return {"killed": len(workers)}

    def stop_killing(self) -> Any:
        self._killer.stop()
        return {"killed": self._killer.killed}

    def restart(self) -> Any:
        """Ends the server in order, and starts it on the same journals and port."""
        self._server.close()
        self._server.start()
        return {}

    def crash(self) -> Any:
        """The same, but for the order."""
        self._server.crash()
        return self.restart()

    def cut(self, answers: int) -> Any:
        """The next so many answers to appends are lost, and the connections that they were to come over."""
        self._proxy.cuts = answers
        return {}

    def lost(self) -> Any:
        """How many answers are still to be lost, and how many requests of appends have come."""
        return {"cuts": self._proxy.cuts, "requests": self._proxy.requests}


COMMANDS: dict[str, Callable[..., Any]] = {
    "start": Stage.start,
    "end": Stage.end,
    "kill workers": Stage.kill_workers,
    "stop killing": Stage.stop_killing,
    "restart": Stage.restart,
    "crash": Stage.crash,
    "cut": Stage.cut,
    "lost": Stage.lost,
}


def obey(stage: Stage, line: str) -> Any:
    try:
        command = json.loads(line)
        return COMMANDS[command.pop("do")](stage, **command)
    except Exception as error:  # noqa: BLE001 - whoever sent the command hears of it, whatever it is
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    stage = Stage()
    try:
        for line in sys.stdin:
            print(json.dumps(obey(stage, line)), flush=True)  # noqa: T201 - this is how it speaks
    finally:
        stage.end()


if __name__ == "__main__":
    main()
