"""Where clients come in: accepted, greeted, logged in, listened to, and seen off.

Error handling: nothing that a client does raises here. One that breaks the rules is closed with a log line.
"""

from __future__ import annotations

import socket
from contextlib import suppress

import trio

from everstore import limits, log
from everstore.config.settings import Settings
from everstore.errors import Code, Refused
from everstore.supervisor.client import Client
from everstore.supervisor.complaints import Complaints
from everstore.supervisor.login import Logins
from everstore.supervisor.memory import Memory, needs_room
from everstore.supervisor.switchboard import Switchboard, complain
from everstore.supervisor.tls import Certificate, TlsSocket, reason
from everstore.supervisor.waiting_room import NOBODY, WaitingRoom
from everstore.supervisor.watch import Watch
from everstore.supervisor.worker_link import WorkerLink
from everstore.wire.frames import Frame
from everstore.wire.layouts import HELLO
from everstore.wire.session import Credentials, Session, State
from everstore.worker import tcp
from everstore.worker.patience import Patience


class Reception:
    """Takes the clients that come to `listener` and puts them through to the switchboard."""

    def __init__(
        self,
        settings: Settings,
        listener: socket.socket,
        board: Switchboard,
        logins: Logins | None,
        certificate: Certificate | None,
    ) -> None:
        self.accepted = 0
        self.refused = 0
        self._settings = settings
        self._listener = listener
        self._board = board
        self._logins = logins
        self._certificate = certificate
        self._credentials = None if logins else Credentials(settings.user.encode(), settings.password.encode())
        self._last_number = 0
        self._complained = False
        self._complaints = Complaints()
        self._memory = Memory(settings.max_memory, settings.max_connections)
        self._waiting = WaitingRoom()
        self._watch = Watch(board.clients, self._memory, self._complaints)
        # A transaction that idles as long has ended by itself: none is cut off.
        self._idle_s_max = max(settings.idle_timeout, settings.transaction_lifetime)

    async def accept(self, nursery: trio.Nursery) -> None:
        """Take clients for ever, each served by a task of its own in `nursery`."""
        nursery.start_soon(self._watch.keep)
        while True:
            try:
                await trio.lowlevel.wait_readable(self._listener)
                sock, address = self._listener.accept()
                tcp.prepare(sock)
            except BlockingIOError:
                continue
            except OSError as error:
                # Out of descriptors, or the client is gone already. The pause keeps this from spinning.
                self._complain(f"a connection could not be accepted: {error.strerror}")
                await trio.sleep(0.1)
                continue
            self._admit(sock, address, nursery)

    async def let_all_finish(self) -> None:
        """Hear what has arrived from each client, and let it have its answers; then it is gone."""
        for client in list(self._board.clients.values()):
            client.listening.cancel()
        with trio.move_on_after(limits.SHUTDOWN_S_MAX):
            while self._board.clients:
                await self._board.parted.park()

    def _admit(self, sock: socket.socket, address: tuple[str, int], nursery: trio.Nursery) -> None:
        peer = f"{address[0]}:{address[1]}"
        full = self._board.connections >= self._settings.max_connections
        if full and not self._show_out(self._waiting.next_to_go()):
            self.refused += 1
            self._complain(
                f"a connection was refused: there are {self._board.connections}, the limit (--max-connections)",
                peer=peer,
            )
            sock.close()
            return
        self.accepted += 1
        self._complained = False
        session = Session(self._credentials, self._settings.max_request)
        self._last_number = self._last_number % 0xFFFFFFFF + 1
        patience = Patience(trio.current_time(), self._idle_s_max)
        transport = self._certificate.wrap(sock) if self._certificate else sock
        client = Client(
            self._last_number, transport, peer, session, nursery, self._board.give_credit, self._memory, patience
        )
        self._board.clients[client.number] = client
        self._show_out(self._waiting.enter(client.number, address[0]))
        nursery.start_soon(self._serve_client, client)

    def _show_out(self, number: int) -> bool:
        """Close a connection that waits for its login, for another one; False when there is none."""
        if number == NOBODY:
            return False
        self._waiting.leave(number)
        client = self._board.clients[number]
        self._complaints.warn("closed: it had not logged in, and others came", connection=number, peer=client.peer)
        client.hang_up()
        return True

    def _complain(self, why: str, **context: object) -> None:
        """Log the first of a row of connections that cannot be had; more must not fill the disk with lines."""
        say = log.debug if self._complained else log.warning
        self._complained = True
        say(why, **context)

    async def _serve_client(self, client: Client) -> None:
        log.debug("connected", connection=client.number, peer=client.peer)
        try:
            with client.listening:
                await self._log_in(client)
                await self._listen(client, State.OPEN)
                while client.session.state is State.LEAVING and not await self._leaves(client):
                    await self._listen(client, State.OPEN)
            if client.session.state is State.LEAVING:
                return
            if client.listening.cancelled_caught:
                await self._hear_what_has_arrived(client)
            if not await client.until_idle():
                log.warning(
                    f"closed: it took no answer for {limits.STALLED_S_MAX:g} seconds",
                    connection=client.number,
                    peer=client.peer,
                )
            elif client.session.state is State.CLOSED:
                self._complaints.warn(f"closed: {client.session.why}", connection=client.number, peer=client.peer)
                await _refuse_and_linger(client)
            elif client.listening.cancelled_caught:
                await _let_answers_arrive(client)
        except Exception:  # noqa: BLE001 - a bug that one client has found must not cost the others their server
            log.exception("this is a bug in Everstore", connection=client.number, peer=client.peer)
        finally:
            self._part(client)

    async def _log_in(self, client: Client) -> None:
        with trio.move_on_after(limits.LOGIN_S_MAX) as login:
            await self._greet(client)
            await self._listen(client, State.LOGIN)
        if login.cancelled_caught:
            self._complaints.warn(
                f"closed: no login within {limits.LOGIN_S_MAX:g} seconds", connection=client.number, peer=client.peer
            )
        if client.session.state is State.VERIFYING and self._logins:
            for link in self._put_through(client, await self._logins.verify(client)):
                await link.until_not_crowded()
        if client.session.state in (State.OPEN, State.LEAVING):
            self._waiting.leave(client.number)

    async def _greet(self, client: Client) -> None:
        early = b""
        if isinstance(client.sock, TlsSocket):
            try:
                early = await client.sock.handshake()
            except OSError as error:
                client.session.dismiss(f"no TLS: {reason(error)}")
                return
        client.out.send(HELLO)
        if early:
            for link in self._hear(client, early):
                await link.until_not_crowded()

    async def _listen(self, client: Client, while_state: State) -> None:
        """Hear a client for as long as its session is in this state and it sends."""
        while client.session.state is while_state and not client.out.broken:
            await client.until_not_overloaded()
            client.awaited = True
            try:
                await trio.lowlevel.wait_readable(client.sock)
                client.awaited = False
                data = client.sock.recv(limits.RECEIVE_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return
            if not data:
                return
            for link in self._hear(client, data):
                await link.until_not_crowded()
            if client.reserved or needs_room(client.session.begun):
                await self._make_room(client)

    async def _leaves(self, client: Client) -> bool:
        """True when the connection is a worker's lane now, or as good as closed; False when it goes on."""
        try:
            if 2 * self._board.connections > self._settings.max_connections:
                raise Refused(Code.NO_LANE, "more than half of the connections are in use (--max-connections)")
            return await self._board.lanes.hand_over(client)
        except Refused as refused:
            for link in self._put_through(client, client.session.refuse_lane(refused.code, refused.reason)):
                await link.until_not_crowded()
            return False

    async def _make_room(self, client: Client) -> None:
        """For the request that has begun to arrive, before more of it is read."""
        begun = client.session.begun
        if not needs_room(begun):
            self._memory.release(client)
        elif begun != client.reserved:
            await self._memory.reserve(client, begun)

    async def _hear_what_has_arrived(self, client: Client) -> None:
        """The server is stopping: what has arrived is still heard, and nothing that comes later."""
        left = tcp.unread_bytes(client.sock)
        while left > 0 and client.session.state is State.OPEN:
            await client.until_not_overloaded()
            try:
                data = client.sock.recv(min(left, limits.RECEIVE_BYTES))
            except OSError:
                return
            if not data:
                return
            left -= len(data)
            for link in self._hear(client, data):
                await link.until_not_crowded()

    def _hear(self, client: Client, data: bytes) -> list[WorkerLink]:
        """What a client says, sent on its way; returns the workers that got some of it."""
        client.received += len(data)
        return self._put_through(client, client.session.receive(data))

    def _put_through(self, client: Client, frames: list[Frame]) -> list[WorkerLink]:
        session = client.session
        if session.replies and session.state is not State.CLOSED:
            complain(client, session.why)
            client.out.send(b"".join(session.replies))
            session.replies.clear()
        return self._board.route(client, frames)

    def _part(self, client: Client) -> None:
        self._board.part(client)
        self._waiting.leave(client.number)
        client.parted()
        trio.lowlevel.notify_closing(client.sock)
        client.sock.close()
        log.debug("disconnected", connection=client.number, peer=client.peer)


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


async def _let_answers_arrive(client: Client) -> None:
    """The server is stopping, and the client may still send: closing now could lose answers that are on their way."""
    with suppress(OSError):
        client.sock.shutdown(socket.SHUT_WR)
        while tcp.unacknowledged_bytes(client.sock):
            with trio.move_on_after(limits.SHUTDOWN_POLL_S):
                await trio.lowlevel.wait_readable(client.sock)
            with suppress(BlockingIOError):
                if not client.sock.recv(limits.RECEIVE_BYTES):
                    return
