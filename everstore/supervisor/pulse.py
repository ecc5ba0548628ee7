"""Finds out that a worker hangs: one that lives says something every few seconds, if only PULSE.

What a look at a silent process shows, and what it means:

| process | means |
| --- | --- |
| waits for its disk (state D) | no signal reaches it, and a successor would wait, too |
| has read or written files since the last look | it recovers, or checks a long journal |
| anything else: computes, sleeps, was stopped | it hangs |

Silence is counted in looks, not in time: if the supervisor, or the whole machine, stands still for an hour, it misses
one look.
"""

from __future__ import annotations

import trio

from everstore import limits, log

_WAITS_FOR_DISK = b"D"


class Pulse:
    """Of the process `pid` of worker `worker`."""

    def __init__(self, worker: int, pid: int) -> None:
        self._worker = worker
        self._pid = pid
        self._heard = False
        self._transferred = 0

    def heard(self) -> None:
        """It has said something."""
        self._heard = True

    async def until_it_hangs(self) -> None:
        """Look again and again; return when too many looks in a row have found it silent without an excuse."""
        silent = inexcusable = 0
        while inexcusable < limits.WORKER_SILENT_LOOKS_MAX:
            await trio.sleep(limits.WORKER_PULSE_S)
            if self._heard:
                self._heard = False
                silent = inexcusable = 0
                continue
            silent += 1
            excuse = self._excuse()
            inexcusable = 0 if excuse else inexcusable + 1
            if excuse and silent % limits.WORKER_SILENT_LOOKS_MAX == 0:
                seconds = silent * limits.WORKER_PULSE_S
                log.warning(f"worker {self._worker} has said nothing for {seconds:g} seconds: {excuse}", pid=self._pid)

    def _excuse(self) -> str:
        state, transferred = look_at(self._pid)
        has_transferred, self._transferred = transferred > self._transferred, transferred
        if state == _WAITS_FOR_DISK:
            return "it waits for its disk"
        return "it is reading or writing files" if has_transferred else ""


def look_at(pid: int) -> tuple[bytes, int]:
    """A process's state, a letter as in `ps`, and the bytes that it has read and written so far; see proc(5).

    (b"", 0) where that cannot be seen.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat, open(f"/proc/{pid}/io", "rb") as io:
            state = stat.read().rpartition(b")")[2].split()[0]
            read, written = (int(line.split()[1]) for line in io.readlines()[:2])
    except OSError:
        return b"", 0
    return state, read + written
