"""A real server process for tests: started, awaited by its ready line, and stopped.

    with RunningServer(tmp_path / "journals", workers=2) as server:
        socket.create_connection(("127.0.0.1", server.port))

Nothing sleeps: `start` returns when the ready line has been read, `stop` when the process has been waited for. What
the server logged is in `server.log()`, and is printed by pytest when a test fails, since it goes to the test's
captured standard error.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

import psutil

from support.waiting import until

READY = re.compile(r"^everstore ready on (?P<host>\S+):(?P<port>\d+), ")
START_S_MAX = 60.0
STOP_S_MAX = 60.0


def alive(pid: int) -> bool:
    """True while a process can still do anything."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


class RunningServer:
    """One `everstore-server` on a free loopback port. Options are those of the command line: `workers=5` is `--workers
    5`.
    """

    def __init__(self, journals: Path, env: dict[str, str] | None = None, **options: object) -> None:
        self.journals = Path(journals)
        self.options: dict[str, object] = {"port": 0, "workers": 2, **options}
        self.env = env
        self.port = 0
        self.ready_line = ""

    def command(self) -> list[str]:
        options = [f"--{name.replace('_', '-')}={value}" for name, value in self.options.items()]
        return [sys.executable, "-m", "everstore.cli.server", f"--journals={self.journals}", *options]

    def start(self) -> RunningServer:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, stderr=self._log, env=self.env)
        assert self.process.stdout is not None
        self.ready_line = self.process.stdout.readline().decode()
        ready = READY.match(self.ready_line)
        if ready is None:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not get ready:\n{self.log()}")
        self.port = int(ready["port"])
        return self

    @property
    def pid(self) -> int:
        return self.process.pid

    def worker_pids(self) -> list[int]:
        """The process ids of the live workers, lowest first."""
        alive = []
        for child in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.status() != psutil.STATUS_ZOMBIE and child.name() != "es-template":
                    alive.append(child.pid)
        return sorted(alive)

    def log(self) -> str:
        """What it has logged so far. Read by position: seeking would move the place where the server writes next."""
        descriptor = self._log.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """End it with `sig` and wait; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.wait()

    def wait(self) -> int:
        """The exit code of a server that ends by itself, or was told to."""
        code = self.process.wait(STOP_S_MAX)
        if self.process.stdout is not None:
            self.process.stdout.close()
        sys.stderr.write(self.log())
        return code

    def close(self) -> None:
        """End it, whatever it does, and let go of its log."""
        self.stop()
        self._log.close()

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def crash(self) -> None:
        """Kill all of it at one moment, as the end of the machine does: no worker gets to leave in order any more."""
        workers = self.worker_pids()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        self.kill()
        until(lambda: not any(map(alive, workers)), "the workers have died with their supervisor")

    def __enter__(self) -> RunningServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
