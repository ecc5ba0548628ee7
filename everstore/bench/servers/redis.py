"""`redis-server`, which appends each command to its file and syncs it before it answers. It does not rewrite that file
while it is measured, as it would now and then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from everstore.bench.servers.process import await_start, free_port, listens, program, running

PACKAGE = "redis-server"


def found() -> str | None:
    """The program's path, if it is installed."""
    return program("redis-server")


@contextmanager
def redis(directory: Path) -> Iterator[tuple[int, int]]:
    """Its port and process id."""
    directory.mkdir()
    port, log = free_port(), directory / "log"
    options = ["--port", str(port), "--bind", "127.0.0.1", "--dir", str(directory), "--save", ""]
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0"]
    with running([found() or PACKAGE, *options, *durable], log) as process:
        await_start(process, log, lambda: listens(port))
        yield port, process.pid
