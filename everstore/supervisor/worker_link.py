"""One worker as the supervisor sees it: started, spoken to, buried, started again.

| state | its process | a request for it |
| --- | --- | --- |
| STARTING | recovers | waits in the channel |
| SERVING | serves | goes into the channel |
| REPLACED | is dead, the next one is about to start | waits here |
| DOWN | is dead, again right after its start; a pause runs | is answered with error 1 |

STARTING → SERVING when it says READY. Either → REPLACED when the channel ends, or → DOWN for a worker that dies
young for the second time in a row. Both → STARTING, at once or after the pause. One that hangs is made to die.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from enum import Enum

import trio

from everstore import limits, log
from everstore.supervisor.outflow import Outflow
from everstore.supervisor.pulse import Pulse
from everstore.supervisor.template import fork
from everstore.worker.channel import GIVEN, HATCH_BYTES, READY, Reply, ReplyCutter, pack
from everstore.worker.loop import EXIT_BUG, EXIT_DISK, EXIT_DONE, Job


class State(Enum):
    STARTING = "starting"
    SERVING = "serving"
    REPLACED = "replaced"
    DOWN = "down"


_MEANING = {EXIT_DONE: "it left in order", EXIT_BUG: "a bug, see above", EXIT_DISK: "its disk failed, see above"}


class WorkerLink:
    """`on_replies` gets what the worker says to clients; `on_death` is called once for each death, before the next
    try.
    """

    def __init__(
        self,
        job: Job,
        lock: int,
        on_replies: Callable[[WorkerLink, list[Reply]], None],
        on_death: Callable[[WorkerLink], int],
    ) -> None:
        self.number = job.worker
        self.state = State.REPLACED
        self.pid = 0
        self.deaths = 0
        self.tried = trio.Event()
        self.ready = trio.Event()
        self.ended = trio.Event()
        self._job = job
        self._lock = lock
        self._on_replies = on_replies
        self._on_death = on_death
        self._stopping = False
        self._died_young = 0  # times in a row
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._pause = trio.CancelScope()
        self._room = trio.lowlevel.ParkingLot()

    def send(self, data: bytes) -> None:
        """Put items into the channel, now or when the next worker is there; not when DOWN."""
        if self.state is State.REPLACED:
            self._held.append(data)
            self._held_bytes += len(data)
        else:
            self._out.send(data)

    def give(self, connection: int, uid: int, sock: socket.socket, rest: bytes) -> bool:
        """Hand a connection to the worker, while it is SERVING; False when that cannot be done now. `uid` and `rest`
        as in GIVEN.
        """
        try:
            socket.send_fds(self._hatch, [connection.to_bytes(HATCH_BYTES, "little")], [sock.fileno()])
        except OSError:
            return False
        self.send(pack(connection, (GIVEN, len(rest), uid, 0, 0, rest)))
        return True

    @property
    def crowded(self) -> bool:
        if self.state is State.DOWN:
            return False
        waiting = self._held_bytes if self.state is State.REPLACED else self._out.owed
        return waiting >= limits.CHANNEL_BACKLOG_BYTES_MAX

    async def until_not_crowded(self) -> None:
        while self.crowded:
            await self._room.park()

    async def keep_alive(self) -> None:
        """Run the worker, and a new one each time it dies, until `stop`."""
        while not self._stopping:
            born = trio.current_time()
            async with trio.open_nursery() as nursery:
                if self._start(nursery):
                    await self._relay()
                nursery.cancel_scope.cancel()
            pause = self._mourn(trio.current_time() - born < limits.WORKER_YOUNG_S)
            await self._bury(pause)
            if not self._stopping:
                with trio.CancelScope() as self._pause:
                    await trio.sleep(pause)
        self.ended.set()

    def stop(self) -> None:
        """Ask it to finish and leave."""
        self._stopping = True
        self._pause.cancel()
        if self.state in (State.STARTING, State.SERVING):
            self._channel.shutdown(socket.SHUT_WR)

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.pid:
            with suppress(ProcessLookupError):
                os.kill(self.pid, how)

    def _start(self, nursery: trio.Nursery) -> bool:
        """Fork the worker; False when this machine has no process or no descriptors for it now."""
        try:
            self.pid, self._channel, self._hatch = fork(self._job, self._lock)
        except OSError as error:
            log.error(f"worker {self.number} could not be started: {error.strerror}")
            return False
        self._out = Outflow(self._channel, nursery, self._room.unpark_all)
        self.state = State.STARTING
        self._pulse = Pulse(self.number, self.pid)
        nursery.start_soon(self._end_when_it_hangs)
        if self._held:
            self._out.send(b"".join(self._held))
            self._held.clear()
            self._held_bytes = 0
        return True

    async def _relay(self) -> None:
        """Pass on what it says, until the channel ends or fails: then it is as good as dead."""
        cutter = ReplyCutter()
        while True:
            try:
                await trio.lowlevel.wait_readable(self._channel)
                data = self._channel.recv(limits.RELAY_RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                return
            except OSError as error:
                log.error(f"worker {self.number} cannot be heard any more: {error.strerror}", pid=self.pid)
                return
            if not data:
                return
            self._pulse.heard()
            found = cutter.feed(data)
            if self.state is State.STARTING and found:
                self._now_serving(found.pop(0))
            self._on_replies(self, found)

    async def _end_when_it_hangs(self) -> None:
        await self._pulse.until_it_hangs()
        log.error(f"worker {self.number} hangs; where it does follows, unless it was stopped", pid=self.pid)
        self.kill(signal.SIGABRT)
        await trio.sleep(limits.WORKER_EXIT_S_MAX)
        self.kill()

    def _now_serving(self, first: Reply) -> None:
        assert first[1] == READY, "a worker's first word is READY"
        self.state = State.SERVING
        # Its log exists by now, and from here on it is the only one that may hold this worker's journals.
        self._job = replace(self._job, replays=[self.number])
        if self.deaths:
            log.info(f"worker {self.number} serves again", pid=self.pid)
        self.ready.set()
        self.tried.set()

    def _mourn(self, young: bool) -> float:
        """The channel has ended: answer what was in flight; returns the seconds until the next try."""
        self._died_young = self._died_young + 1 if young else 0
        pause = (
            min(limits.WORKER_PAUSE_S_FIRST * 2 ** (self._died_young - 2), limits.WORKER_PAUSE_S_LAST)
            if self._died_young > 1
            else 0.0
        )
        self.state = State.DOWN if pause else State.REPLACED
        if self.pid:
            trio.lowlevel.notify_closing(self._channel)
            self._channel.close()
            self._hatch.close()
        self._held.clear()
        self._held_bytes = 0
        self._lost = self._on_death(self)
        self._room.unpark_all()
        self.tried.set()
        return pause

    async def _bury(self, pause: float) -> None:
        """Make sure that it is dead before another one touches its journals, and say how it died."""
        if not self.pid:
            return
        deadline = trio.current_time() + (limits.WORKER_STOP_S_MAX if self._stopping else limits.WORKER_EXIT_S_MAX)
        while (status := _status(self.pid)) is None:
            # Asked again and again, since what waits without asking needs a descriptor, and there may be none left.
            if trio.current_time() > deadline:
                self.kill()
            await trio.sleep(limits.WORKER_POLL_S)
        pid, self.pid = self.pid, 0
        if self._stopping and status == EXIT_DONE:
            return
        self.deaths += 1
        how = _how(status)
        when = f"the next try is in {pause:g} seconds" if pause else "a new one starts now"
        log.warning(
            f"worker {self.number} died ({how}); {self._lost} requests were answered with errors; {when}", pid=pid
        )


def _status(pid: int) -> int | str | None:
    """The exit code of a process, or less its signal; None while it lives, words where nobody knows."""
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        # As when the server was started with SIGCHLD ignored: then the system keeps nothing of a child.
        return "nobody knows how"
    return os.waitstatus_to_exitcode(status) if ended else None


def _how(status: int | str) -> str:
    if isinstance(status, str):
        return status
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"exit code {status}: {_MEANING.get(status, 'unknown')}"
