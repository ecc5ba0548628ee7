"""`everstore-server`, started by its module, as installed beside this package."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from everstore.bench.servers.process import await_end, await_start, family, running

_READY = re.compile(r"^everstore ready on \S+:(\d+), ", re.MULTILINE)


class Server(NamedTuple):
    port: int
    process: subprocess.Popen[bytes]

    def crash(self) -> None:
        """Kill all of it at one moment, as the end of the machine does."""
        everybody = family(self.process.pid)
        os.killpg(self.process.pid, signal.SIGKILL)
        await_end(everybody)


@contextmanager
def everstore(directory: Path, workers: int, durability: str = "fsync") -> Iterator[Server]:
    """A server whose journals are in `directory`, which may hold some already."""
    log = directory.with_name(directory.name + ".log")
    log.write_text("")
    options = [f"--journals={directory}", "--port=0", f"--workers={workers}", f"--durability={durability}"]
    with running([sys.executable, "-m", "everstore.cli.server", *options], log) as process:
        await_start(process, log, lambda: bool(_READY.search(log.read_text())))
        found = _READY.search(log.read_text())
        assert found
        yield Server(int(found[1]), process)
