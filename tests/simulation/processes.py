"""Workers as greenlets: the product's `run`, unchanged, on a stack of its own that stands still where it would block.

A worker can be killed wherever it calls the disk, and wherever it waits.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import NoReturn

import greenlet
from simulation.clockwork import Clockwork
from simulation.disk import Platter, SimulatedDisk
from simulation.network import Socket, pair

from everstore.worker import loop


class Killed(BaseException):
    """Raised in a worker that is dead, so that it gets no further."""


class Left(BaseException):
    """Raised where a worker leaves by itself."""


class Worker:
    """One process. `status` is what waitpid gives, or None while it lives."""

    def __init__(self, job: loop.Job, channel: Socket, clockwork: Clockwork, platter: Platter) -> None:
        self.status: int | None = None
        self.number = job.worker
        self.kill_at = -1  # so many disk calls from now
        self.disk = SimulatedDisk(platter, self._interrupted)
        self.channel = channel
        self._job = job
        self._clockwork = clockwork
        self._stack = greenlet.greenlet(self._live)
        self._turn = 0
        self._stopped_until = 0.0
        channel.call_on_change = self._woken
        self._wakes_on_change = False
        self._go_on_after(clockwork.chance.random() * 0.01)

    def _live(self) -> None:
        with suppress(Killed, Left):
            loop.run(self._job, BlockingChannel(self), None, self._leave)

    def _leave(self, code: int) -> NoReturn:
        if self.status is None:
            self.status = code << 8
            self._clockwork.note("left", self.number, code)
            self.channel.close()
        raise Left

    def kill(self) -> None:
        """Now. A worker's own stack is unwound by the disk call that it is in."""
        if self.status is not None:
            return
        self.status = signal.SIGKILL
        self._clockwork.note("killed", self.number)
        self.channel.close()
        if self._stack and greenlet.getcurrent() is not self._stack:
            self._stack.throw(Killed)

    def _interrupted(self, what: str) -> None:
        if self.status is not None:
            raise Killed
        if self.kill_at == 0:
            self.kill()
            raise Killed
        self.kill_at -= 1
        if what == "sync" and self._clockwork.chance.random() < 0.3:
            self.pause(self._clockwork.chance.random() * 0.01)

    def pause(self, seconds: float | None) -> None:
        """Stand still for a time, or until the channel changes (None: only that)."""
        if seconds is not None:
            self._go_on_after(seconds)
        self._stack.parent.switch()
        if self.status is not None:
            raise Killed

    def wait_for_channel(self, ready: Callable[[], bool], seconds: float | None) -> bool:
        """Stand still until the channel is ready, at most for so long."""
        until = None if seconds is None else self._clockwork.now() + seconds
        while not ready():
            self._wakes_on_change = True
            left = None if until is None else until - self._clockwork.now()
            if left is not None and left <= 0:
                break
            self.pause(left)
        self._wakes_on_change = False
        return ready()

    def _woken(self) -> None:
        if self._wakes_on_change and self.status is None:
            self._wakes_on_change = False
            self._go_on_after(self._clockwork.chance.choice((0.0, 0.0, 0.001, 0.003)))

    def _go_on_after(self, seconds: float) -> None:
        self._turn += 1
        self._clockwork.later(seconds, lambda turn=self._turn: self._go_on(turn))

    def hold_up(self, seconds: float) -> None:
        """It stands still for so long at least, wherever it is, as if stopped or starved."""
        self._stopped_until = max(self._stopped_until, self._clockwork.now() + seconds)

    @property
    def hangs(self) -> bool:
        return self._stopped_until > self._clockwork.now()

    def _go_on(self, turn: int) -> None:
        if turn != self._turn or self.status is not None:
            return
        if self.hangs:
            self._clockwork.later(self._stopped_until - self._clockwork.now(), lambda: self._go_on(turn))
            return
        self._stack.switch()


class BlockingChannel:
    """The worker's end of the channel, which blocks where the real one does."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.recv = worker.channel.recv

    def sendall(self, data: bytes) -> None:
        while data:
            self.worker.wait_for_channel(self.worker.channel.writable, None)
            data = data[self.worker.channel.send(data) :]


class Polling:
    """Stands in for the module `select` in a worker."""

    POLLIN = 1

    class poll:  # noqa: N801 - as the module's
        def register(self, channel: BlockingChannel, _events: int) -> None:
            self._worker = channel.worker

        def poll(self, timeout_ms: float | None) -> bool:
            seconds = None if timeout_ms is None else timeout_ms / 1000
            return self._worker.wait_for_channel(self._worker.channel.readable, seconds)


class Kernel:
    """Stands in for `fork` and for the module `os` in the supervisor's link to a worker."""

    WNOHANG = os.WNOHANG
    waitstatus_to_exitcode = staticmethod(os.waitstatus_to_exitcode)

    def __init__(self, clockwork: Clockwork, platter: Platter) -> None:
        self.workers: dict[int, Worker] = {}
        self._clockwork = clockwork
        self._platter = platter
        self._pids = count(1)

    def fork(self, job: loop.Job, _lock: int) -> tuple[int, Socket, Socket]:
        ours, theirs = pair(self._clockwork)
        pid = next(self._pids)
        self.workers[pid] = Worker(job, theirs, self._clockwork, self._platter)
        return pid, ours, pair(self._clockwork)[0]  # There are no lanes: nothing comes through the hatch.

    def waitpid(self, pid: int, _options: int) -> tuple[int, int]:
        status = self.workers[pid].status
        return (0, 0) if status is None else (pid, status)

    def kill(self, pid: int, _signal: int) -> None:
        self.workers[pid].kill()

    def close_channels(self) -> None:
        """As the supervisor's end of each does when it dies."""
        for each in self.alive():
            if each.channel.peer is not None:
                each.channel.peer.close()

    def alive(self) -> list[Worker]:
        return [each for each in self.workers.values() if each.status is None]

    def current(self) -> Worker:
        """The worker whose stack this is."""
        return next(each for each in self.workers.values() if each._stack is greenlet.getcurrent())  # noqa: SLF001
