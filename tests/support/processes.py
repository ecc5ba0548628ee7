"""What a server's processes hold: memory and descriptors."""

from __future__ import annotations

import psutil

from support.server import RunningServer


def family(server: RunningServer) -> list[psutil.Process]:
    return [psutil.Process(pid) for pid in (server.pid, *server.worker_pids())]


def resident_bytes(server: RunningServer) -> int:
    """Of the supervisor and all workers; shared pages are counted in each, which does not matter for growth."""
    return sum(process.memory_info().rss for process in family(server))


def worker_descriptors(server: RunningServer) -> list[int]:
    return [psutil.Process(pid).num_fds() for pid in server.worker_pids()]
