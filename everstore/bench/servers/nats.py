"""`nats-server` with JetStream in files, which syncs each message only where its version can be told to."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from everstore.bench.servers.process import await_start, free_port, listens, program, running

PACKAGE = "nats-server"


def found() -> str | None:
    """The program's path, if it is installed."""
    return program("nats-server")


def can_sync_always(directory: Path) -> bool:
    """Whether the installed version knows `sync_interval: always`, which came after 2.9."""
    directory.mkdir(exist_ok=True)
    config = _config(directory, 4222, sync_always=True)
    return subprocess.run([found() or PACKAGE, "-t", "-c", config], capture_output=True, check=False).returncode == 0


@contextmanager
def nats(directory: Path, sync_always: bool) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    directory.mkdir(exist_ok=True)
    port, log = free_port(), directory / "log"
    with running([found() or PACKAGE, "-c", str(_config(directory, port, sync_always))], log) as process:
        await_start(process, log, lambda: listens(port))
        yield port, process.pid


def _config(directory: Path, port: int, sync_always: bool) -> Path:
    text = f'listen: "127.0.0.1:{port}"\njetstream {{\n  store_dir: "{directory}/store"\n'
    config = directory / "nats.conf"
    config.write_text(text + ("  sync_interval: always\n" if sync_always else "") + "}\n")
    return config
