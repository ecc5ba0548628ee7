"""Connections that leave the supervisor: each is handed to the worker that its client names, and then is a lane of it.

client ── LANE ──▶ supervisor ── descriptor, GIVEN ──▶ worker ── LANE ──▶ client
                       supervisor ◀── TAKEN, or LEFT ── worker

Until the worker says TAKEN, our own descriptor stays open, and nothing is read from it: a connection that the worker
had to leave goes on as it was. One whose worker dies in between is closed, since nobody knows which of the two had it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Container
from dataclasses import dataclass

import trio

from everstore import limits
from everstore.errors import Code, Refused
from everstore.supervisor.client import Client
from everstore.supervisor.worker_link import State, WorkerLink
from everstore.users.roll import User
from everstore.worker.channel import ENDED, GONE, LEFT, TAKEN, note


@dataclass(slots=True)
class _Given:
    """To `link`, of a client of this `user`; `taken` is None until the worker has said whether it has it."""

    link: WorkerLink
    user: User | None
    heard: trio.Event
    taken: bool | None = None


class Lanes:
    """Those of all workers. `links`: the workers, in the order of their numbers."""

    def __init__(self, links: list[WorkerLink]) -> None:
        self._links = links
        self._given: dict[int, _Given] = {}

    def besides(self, clients: Container[int]) -> int:
        """How many there are besides the connections of these numbers: one that a worker has just taken is of both."""
        return sum(each.taken is True and number not in clients for number, each in self._given.items())

    def of(self, link: WorkerLink) -> int:
        """How many a worker has, or is about to have."""
        return sum(each.link is link for each in self._given.values())

    async def hand_over(self, client: Client) -> bool:
        """Hand a client whose session is LEAVING to the worker that it asks for. True when the connection is no longer
        ours: it is to be closed here, without a word.

        Raises:
            Refused: it stays, and the client is to be told.
        """
        uid, worker = client.session.lane
        link = self._link(client, worker)
        assert isinstance(client.sock, socket.socket), "what TLS encrypts stays here"
        if not link.give(client.number, uid, client.sock, client.session.unheard):
            raise Refused(Code.NO_LANE, f"worker {worker} could not be given a connection")
        given = self._given[client.number] = _Given(link, client.user, trio.Event())
        try:
            await given.heard.wait()
        except trio.Cancelled:
            self._revoke(client.number, given)
            raise
        if given.taken is False:
            raise Refused(Code.NO_LANE, f"worker {worker} takes no further lane")
        client.in_flight.pop(worker, None)  # Transactions that it opened there live on with the lane.
        if client.grant:
            self._revoke(client.number, given)
        return True

    def heard(self, kind: int, number: int) -> None:
        """What a worker says of a connection that it was given."""
        given = self._given.get(number)
        if given is None:
            return
        if kind in (TAKEN, LEFT):
            given.taken = kind == TAKEN
            given.heard.set()
        if kind in (LEFT, ENDED):
            del self._given[number]

    def worker_died(self, link: WorkerLink) -> None:
        """Its lanes have ended with it."""
        for number, given in list(self._given.items()):
            if given.link is link:
                del self._given[number]
                given.heard.set()

    def revoke(self, is_welcome: Callable[[User], bool]) -> int:
        """End the lanes of users who are not welcome any more; returns how many."""
        ended = 0
        for number, given in list(self._given.items()):
            if given.user is not None and not is_welcome(given.user):
                self._revoke(number, given)
                ended += 1
        return ended

    def _link(self, client: Client, worker: int) -> WorkerLink:
        if not 1 <= worker <= len(self._links):
            raise Refused(Code.NO_SUCH_WORKER, f"there is no worker {worker}, only 1 to {len(self._links)}")
        if client.grant:
            raise Refused(Code.NOT_ALLOWED, "a user whose rights are limited has no lanes")
        if not isinstance(client.sock, socket.socket):
            raise Refused(Code.NO_LANE, "an encrypted connection cannot become a lane")
        if not client.idle:
            raise Refused(Code.NO_LANE, "a connection with requests in flight cannot become a lane")
        link = self._links[worker - 1]
        if link.state is not State.SERVING or self.of(link) >= limits.LANES_MAX:
            raise Refused(Code.NO_LANE, f"worker {worker} takes no lane now")
        return link

    def _revoke(self, number: int, given: _Given) -> None:
        if given.link.state is State.SERVING:
            given.link.send(note(number, GONE))
