"""The server as a whole: starts the workers, opens the reception when they have recovered, and ends all of it in order.

    client ── Reception (login, frames) ── Switchboard ── WorkerLink ──▶ worker
    client ◀── Outflow ◀────────────────── Switchboard ◀── WorkerLink ── worker

Error handling: a worker that dies is replaced; only bugs and signals end the server.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import orjson
import trio

from everstore import __version__, limits, log
from everstore.config.settings import Settings
from everstore.supervisor.login import Logins
from everstore.supervisor.reception import Reception
from everstore.supervisor.switchboard import Switchboard
from everstore.supervisor.tls import Certificate
from everstore.supervisor.worker_link import WorkerLink
from everstore.worker.loop import Job


@dataclass(frozen=True, slots=True)
class Claim:
    """The journal directory, which this process has locked: its path, the lock, and the workers whose commit logs are
    in it. `same_workers`: those are from runs with as many workers as this one.
    """

    journals: str
    lock: int
    commit_logs: list[int]
    same_workers: bool


class Server:
    """A running server. `run` returns when a signal has ended it in order."""

    def __init__(
        self,
        settings: Settings,
        claim: Claim,
        listener: socket.socket,
        logins: Logins | None,
        certificate: Certificate | None,
    ) -> None:
        self.ended = False
        self._settings = settings
        self._claim = claim
        self._listener = listener
        self._logins = logins
        self._certificate = certificate
        self._started = time.monotonic()
        self._stopping = trio.CancelScope()
        self._run = time.time_ns()
        self._board = Switchboard(self._status, settings.max_request, self._run)
        self._board.links += [self._link(worker) for worker in range(1, settings.workers + 1)]
        self._reception = Reception(settings, listener, self._board, logins, certificate)

    async def run(self, on_ready: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT. `on_ready` gets the line that says where and how, once clients can come."""
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async with trio.open_nursery() as workers:
                for link in self._board.links:
                    workers.start_soon(link.keep_alive)
                async with trio.open_nursery() as clients:
                    clients.start_soon(self._obey, signals)
                    if self._logins:
                        clients.start_soon(self._logins.run)
                    with self._stopping:
                        await self._until_recovered()
                        on_ready(self._ready_line())
                        await self._reception.accept(clients)
                    self._listener.close()
                    await self._reception.let_all_finish()
                    clients.cancel_scope.cancel()
                await self._stop_workers()
            self.ended = True

    def _link(self, worker: int) -> WorkerLink:
        settings = self._settings
        logs = [number for number in self._claim.commit_logs if (number - 1) % settings.workers == worker - 1]
        if worker not in logs:
            logs.append(worker)  # It makes its own log before it is READY, and may die between the two.
        job = Job(
            worker,
            settings.workers,
            logs,
            self._claim.journals,
            settings.durable,
            settings.transaction_lifetime,
            self._run,
            all_mine=self._claim.same_workers or settings.workers == 1,
            request_bytes_max=settings.max_request,
            idle_s_max=max(settings.idle_timeout, settings.transaction_lifetime),
        )
        return WorkerLink(job, self._claim.lock, self._board.deliver, self._board.worker_died)

    async def _until_recovered(self) -> None:
        """Wait for the workers; where their number has changed, until all have replayed their logs, since then one's
        log may hold another's journals.
        """
        for link in self._board.links:
            await (link.tried if self._claim.same_workers else link.ready).wait()

    def _ready_line(self) -> str:
        settings = self._settings
        return (
            f"everstore ready on {self._address()}, journals in {self._claim.journals}, "
            f"{settings.workers} workers, durability {settings.durability}"
        )

    def _address(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def _obey(self, signals: AsyncIterator[int]) -> None:
        async for number in signals:
            if number == signal.SIGHUP:
                self._reload()
                continue
            log.info(f"{signal.Signals(number).name}: finishing what has arrived, then leaving")
            self._stopping.cancel()

    def _reload(self) -> None:
        if self._logins:
            self._logins.reload(self._board.clients.values())
            ended = self._board.lanes.revoke(self._logins.is_unlimited)
            if ended:
                log.info(f"SIGHUP: {ended} lanes end, of users who are gone, or have another password or less rights")
        if self._certificate:
            self._certificate.reload()
        if not (self._logins or self._certificate):
            log.info("SIGHUP: nothing to do")

    async def _stop_workers(self) -> None:
        for link in self._board.links:
            link.stop()
        with trio.move_on_after(limits.WORKER_STOP_S_MAX):
            for link in self._board.links:
                await link.ended.wait()
        for link in self._board.links:
            link.kill()

    def _status(self) -> bytes:
        return orjson.dumps(
            {
                "version": __version__,
                "address": self._address(),
                "journals": self._claim.journals,
                "durability": self._settings.durability,
                "uptime_s": round(time.monotonic() - self._started, 3),
                "pid": os.getpid(),
                "connections": self._board.connections,
                "accepted": self._reception.accepted,
                "refused": self._reception.refused,
                "workers": [
                    {
                        "worker": link.number,
                        "pid": link.pid,
                        "state": link.state.value,
                        "deaths": link.deaths,
                        "lanes": self._board.lanes.of(link),
                    }
                    for link in self._board.links
                ],
            }
        )
