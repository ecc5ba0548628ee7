"""`postgres` with a fresh cluster, durable, and with room enough that no checkpoint falls into a run."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from everstore.bench.driver import Failed
from everstore.bench.servers.process import await_start, free_port, listens, program, running

PACKAGE = "postgresql"
_SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}
_UNPRIVILEGED = "postgres"
"""It refuses to run as root; the Debian package makes this user for it."""


def found() -> str | None:
    """The folder of the newest installed version's programs, if there is one and somebody who may run it."""
    if os.getuid() == 0 and not _exists(_UNPRIVILEGED):
        return None
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    path = program("postgres", *map(str, reversed(folders)))
    return str(Path(path).resolve().parent) if path else None


def user() -> str:
    """Who it runs as, and who the cluster's superuser is."""
    return _UNPRIVILEGED if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name


@contextmanager
def postgresql(directory: Path) -> Iterator[tuple[int, int]]:
    """Its port and process id.

    Raises:
        Failed: no cluster could be made there, or it does not start.
    """
    directory.mkdir()
    who = user() if os.getuid() == 0 else None
    if who:
        shutil.chown(directory, who)
    programs, data, log = found() or "", directory / "data", directory / "log"
    command = [f"{programs}/initdb", "--no-sync", "--encoding=UTF8", "--locale=C", "--auth=trust", "-U", user()]
    made = subprocess.run([*command, "-D", data], capture_output=True, text=True, user=who, check=False, cwd="/")
    if made.returncode:
        raise Failed(f"initdb failed: {made.stderr}")
    port = free_port()
    settings = [word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")]
    command = [f"{programs}/postgres", "-D", str(data), "-p", str(port), *settings]
    # SIGINT ends it at once and in order; SIGTERM would wait for its clients to leave.
    with running(command, log, signal.SIGINT, who) as process:
        await_start(process, log, lambda: listens(port) and "ready to accept" in log.read_text())
        yield port, process.pid


def _exists(name: str) -> bool:
    return any(entry.pw_name == name for entry in pwd.getpwall())
