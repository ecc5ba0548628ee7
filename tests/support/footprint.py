"""The private memory of a server's processes, as the kernel counts it: what would be free without them."""

from __future__ import annotations

import os
import threading
from types import TracebackType

from support.server import RunningServer

PAUSE_S = 0.02


def private_bytes(pid: int) -> int:
    """Private_Clean and Private_Dirty of a process (USS)."""
    fd = os.open(f"/proc/{pid}/smaps_rollup", os.O_RDONLY)
    try:
        lines = os.read(fd, 4096).split(b"\n")
    finally:
        os.close(fd)
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith((b"Private_Clean:", b"Private_Dirty:")))


class Footprint:
    """Watches the supervisor and the workers that a server has now, fifty times a second.

    `peaks`: by process id, the largest figure so far.
    """

    def __init__(self, server: RunningServer) -> None:
        self.supervisor = server.pid
        self.workers = server.worker_pids()
        self.peaks: dict[int, int] = {}
        self._ended = threading.Event()
        self._watching = threading.Thread(target=self._watch)

    def now(self) -> dict[int, int]:
        return {pid: private_bytes(pid) for pid in (self.supervisor, *self.workers)}

    def worker_peak(self) -> int:
        """Of the worker that came highest."""
        return max(self.peaks[pid] for pid in self.workers)

    def supervisor_peak(self) -> int:
        return self.peaks[self.supervisor]

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE_S):
            self._look()

    def _look(self) -> None:
        for pid, size in self.now().items():
            self.peaks[pid] = max(size, self.peaks.get(pid, 0))

    def __enter__(self) -> Footprint:
        self._look()
        self._watching.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._watching.join()
