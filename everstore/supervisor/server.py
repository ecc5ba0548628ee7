"""The server: accepts clients, and stands between them and the workers.

    client ── Session (login, frames) ── route ── WorkerLink ──▶ worker
    client ◀── Outflow ◀─────────────── deliver ◀── WorkerLink ── worker

Error handling: nothing that a client or a worker does raises here. A client that breaks the rules is closed with a
log line, a worker that dies is replaced; only bugs and signals end the server.
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
from everstore.errors import Code
from everstore.supervisor.client import Client, Request
from everstore.supervisor.routing import worker_for
from everstore.supervisor.worker_link import State as WorkerState
from everstore.supervisor.worker_link import WorkerLink
from everstore.wire import replies
from everstore.wire.frames import Frame
from everstore.wire.layouts import HELLO, Type
from everstore.wire.requests import Malformed
from everstore.wire.session import Credentials, Session, State
from everstore.worker.channel import CREDIT, GONE, Reply, note, pack
from everstore.worker.loop import Job


@dataclass(frozen=True, slots=True)
class Claim:
    """The journal directory, which this process has locked: its path, the lock, and the workers whose commit logs are
    in it.
    """

    journals: str
    lock: int
    commit_logs: list[int]


class Server:
    """A running server. `run` returns when a signal has ended it in order."""

    def __init__(self, settings: Settings, claim: Claim, listener: socket.socket) -> None:
        self.ended = False
        self._settings = settings
        self._claim = claim
        self._listener = listener
        self._credentials = Credentials(settings.user.encode(), settings.password.encode())
        self._clients: dict[int, Client] = {}
        self._last_number = 0
        self._started = time.monotonic()
        self._counts = {"accepted": 0, "refused": 0}
        self._stopping = trio.CancelScope()
        self._parted = trio.lowlevel.ParkingLot()
        self._links = [self._link(worker) for worker in range(1, settings.workers + 1)]

    async def run(self, on_ready: Callable[[str], None]) -> None:
        """Serve until SIGTERM or SIGINT. `on_ready` gets the line that says where and how, once clients can come."""
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
            async with trio.open_nursery() as workers:
                for link in self._links:
                    workers.start_soon(link.keep_alive)
                async with trio.open_nursery() as clients:
                    clients.start_soon(self._obey, signals)
                    with self._stopping:
                        await self._until_recovered()
                        on_ready(self._ready_line())
                        await self._accept(clients)
                    self._listener.close()
                    await self._let_clients_finish()
                    clients.cancel_scope.cancel()
                await self._stop_workers()
            self.ended = True

    # ---- life and death ---------------------------------------------------------------------------------------------

    def _link(self, worker: int) -> WorkerLink:
        settings = self._settings
        logs = [number for number in self._claim.commit_logs if (number - 1) % settings.workers == worker - 1]
        job = Job(worker, settings.workers, logs, self._claim.journals, settings.durable, settings.transaction_lifetime)
        return WorkerLink(job, self._claim.lock, self._deliver, self._worker_died)

    async def _until_recovered(self) -> None:
        """Wait for the workers; for all of them where their number has changed, since then one may hold another's
        journals in its log.
        """
        same_workers = self._claim.commit_logs in ([], [link.number for link in self._links])
        for link in self._links:
            await (link.tried if same_workers else link.ready).wait()

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
                log.info("SIGHUP: nothing to do")
                continue
            log.info(f"{signal.Signals(number).name}: finishing what has arrived, then leaving")
            self._stopping.cancel()

    async def _let_clients_finish(self) -> None:
        """Hear what has arrived from each client, and let it have its answers."""
        for client in list(self._clients.values()):
            client.listening.cancel()
        with trio.move_on_after(limits.SHUTDOWN_S_MAX):
            while self._clients:
                await self._parted.park()

    async def _stop_workers(self) -> None:
        for link in self._links:
            link.stop()
        with trio.move_on_after(limits.WORKER_STOP_S_MAX):
            for link in self._links:
                await link.ended.wait()
        for link in self._links:
            link.kill()

    # ---- clients ----------------------------------------------------------------------------------------------------

    async def _accept(self, nursery: trio.Nursery) -> None:
        while True:
            await trio.lowlevel.wait_readable(self._listener)
            try:
                sock, address = self._listener.accept()
            except BlockingIOError:
                continue
            except OSError as error:
                # Out of descriptors, or the client is gone already. The pause keeps this from spinning.
                log.warning(f"a connection could not be accepted: {error.strerror}")
                await trio.sleep(0.1)
                continue
            self._admit(sock, f"{address[0]}:{address[1]}", nursery)

    def _admit(self, sock: socket.socket, peer: str, nursery: trio.Nursery) -> None:
        if len(self._clients) >= self._settings.max_connections:
            self._counts["refused"] += 1
            log.warning(
                f"a connection was refused: there are {len(self._clients)}, the limit (--max-connections)", peer=peer
            )
            sock.close()
            return
        self._counts["accepted"] += 1
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        session = Session(self._credentials, self._settings.max_request)
        self._last_number = self._last_number % 0xFFFFFFFF + 1
        client = Client(self._last_number, sock, peer, session, nursery, self._give_credit)
        self._clients[client.number] = client
        nursery.start_soon(self._serve_client, client)

    async def _serve_client(self, client: Client) -> None:
        log.debug("connected", connection=client.number, peer=client.peer)
        try:
            client.out.send(HELLO)
            with client.listening:
                await self._log_in(client)
                await self._listen(client, State.OPEN)
            if client.listening.cancelled_caught:
                self._hear_what_is_there(client)
            with trio.move_on_after(limits.SHUTDOWN_S_MAX):
                await client.until_idle()
            if client.session.state is State.CLOSED:
                log.warning(f"closed: {client.session.why}", connection=client.number, peer=client.peer)
                await _refuse_and_linger(client)
        except Exception:  # noqa: BLE001 - a bug that one client has found must not cost the others their server
            log.exception("this is a bug in Everstore", connection=client.number, peer=client.peer)
        finally:
            self._part(client)

    async def _log_in(self, client: Client) -> None:
        with trio.move_on_after(limits.LOGIN_S_MAX) as login:
            await self._listen(client, State.LOGIN)
        if login.cancelled_caught:
            log.warning(
                f"closed: no login within {limits.LOGIN_S_MAX:g} seconds", connection=client.number, peer=client.peer
            )

    async def _listen(self, client: Client, while_state: State) -> None:
        """Hear a client for as long as its session is in this state and it sends."""
        while client.session.state is while_state and not client.out.broken:
            await client.until_not_overloaded()
            await trio.lowlevel.wait_readable(client.sock)
            try:
                data = client.sock.recv(limits.RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            for link in self._hear(client, data):
                await link.until_not_crowded()

    def _hear_what_is_there(self, client: Client) -> None:
        """The server is stopping: what has arrived is still heard, and nothing that comes later."""
        while client.session.state is State.OPEN and not client.overloaded:
            try:
                data = client.sock.recv(limits.RECEIVE_BYTES)
            except OSError:
                return
            if not data:
                return
            self._hear(client, data)

    def _hear(self, client: Client, data: bytes) -> list[WorkerLink]:
        """What a client says, sent on its way; returns the workers that got some of it."""
        session = client.session
        frames = session.receive(data)
        if session.replies and session.state is not State.CLOSED:
            self._complain(client, session.why)
            client.out.send(b"".join(session.replies))
            session.replies.clear()
        return self._route(client, frames)

    def _route(self, client: Client, frames: list[Frame]) -> list[WorkerLink]:
        """Send requests on their way, those for one worker in one piece; returns the workers that got some."""
        by_worker: dict[int, list[bytes]] = {}
        for frame in frames:
            try:
                worker = worker_for(frame, len(self._links))
            except Malformed as malformed:
                self._complain(client, malformed.reason)
                client.out.send(replies.error(frame[2], 0, malformed.code))
                continue
            if worker == 0:
                client.out.send(replies.status(frame[2], 0, self._status()))
            elif self._links[worker - 1].state is WorkerState.DOWN:
                client.out.send(replies.error(frame[2], worker, Code.UNKNOWN))
            else:
                item = pack(client.number, frame)
                client.asked(worker, Request(frame[2], frame[1], item if frame[0] == Type.READ else b""))
                by_worker.setdefault(worker, []).append(item)
        links = [self._links[worker - 1] for worker in by_worker]
        for link in links:
            link.send(b"".join(by_worker[link.number]))
        return links

    def _complain(self, client: Client, why: str) -> None:
        """Log the first request of a connection that breaks the protocol; more must not fill the disk with lines."""
        say = log.debug if client.complained_about else log.warning
        client.complained_about = True
        say(f"a request was refused: {why}", connection=client.number, peer=client.peer)

    def _part(self, client: Client) -> None:
        del self._clients[client.number]
        for worker in client.in_flight:
            link = self._links[worker - 1]
            if link.state is not WorkerState.DOWN:
                link.send(note(client.number, GONE))
        trio.lowlevel.notify_closing(client.sock)
        client.sock.close()
        self._parted.unpark_all()
        log.debug("disconnected", connection=client.number, peer=client.peer)

    # ---- workers ----------------------------------------------------------------------------------------------------

    def _deliver(self, link: WorkerLink, found: list[Reply]) -> None:
        """Pass on a worker's replies, those for one client in one piece."""
        by_client: dict[Client, list[bytes]] = {}
        for number, _, uid, properties, frame in found:
            client = self._clients.get(number)
            if client is not None:
                by_client.setdefault(client, []).append(client.answered(link.number, uid, properties, frame))
        for client, frames in by_client.items():
            client.out.send(b"".join(frames) if len(frames) > 1 else frames[0])

    def _worker_died(self, link: WorkerLink) -> int:
        """Answer what it had in flight; returns how many requests were answered with errors."""
        total = 0
        successor = link.state is not WorkerState.DOWN
        for client in self._clients.values():
            lost, item = client.lost(link.number, successor)
            total += lost
            if item:
                link.send(item)
        return total

    def _give_credit(self, client: Client) -> None:
        """The client has taken everything: workers may send it more of long reads."""
        for worker, taken in client.uncredited.items():
            link = self._links[worker - 1]
            if taken >= limits.CREDIT_BYTES // 3 and link.state is WorkerState.SERVING:
                client.uncredited[worker] = 0
                link.send(note(client.number, CREDIT, taken))

    def _status(self) -> bytes:
        return orjson.dumps(
            {
                "version": __version__,
                "address": self._address(),
                "journals": self._claim.journals,
                "durability": self._settings.durability,
                "uptime_s": round(time.monotonic() - self._started, 3),
                "pid": os.getpid(),
                "connections": len(self._clients),
                **self._counts,
                "workers": [
                    {"worker": link.number, "pid": link.pid, "state": link.state.value, "deaths": link.deaths}
                    for link in self._links
                ],
            }
        )


async def _refuse_and_linger(client: Client) -> None:
    """The last word, behind all answers. Closing at once could lose it in a reset, while the client still sends."""
    client.out.send(b"".join(client.session.replies))
    with trio.move_on_after(limits.RUBBISH_LINGER_S):
        await client.until_idle()
        try:
            client.sock.shutdown(socket.SHUT_WR)
            while True:
                await trio.lowlevel.wait_readable(client.sock)
                if not client.sock.recv(limits.RECEIVE_BYTES):
                    return
        except OSError:
            return
