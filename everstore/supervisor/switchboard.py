"""Between clients and workers: requests one way, replies the other, and what has to be said when either is gone.

client ── route ── WorkerLink ──▶ worker
client ◀─ deliver ── WorkerLink ── worker
"""

from __future__ import annotations

from collections.abc import Callable

import trio

from everstore import limits, log
from everstore.errors import Code, Refused
from everstore.supervisor.client import Client, Request
from everstore.supervisor.lanes import Lanes
from everstore.supervisor.routing import worker_for
from everstore.supervisor.worker_link import State, WorkerLink
from everstore.wire import native, replies
from everstore.wire.frames import Frame
from everstore.wire.layouts import Type
from everstore.worker.channel import CREDIT, GONE, Reply, note, pack

_FIRST_QUESTION = (Type.EXISTS, Code.NOT_ALLOWED)
"""What adapters ask to hear whether they are let in, and are told about names outside of their user's prefixes."""


class Switchboard:
    """All clients, by their numbers, and all workers, in the order of theirs. `status` is the supervisor's reply;
    `request_bytes_max` what a request may have; `run` tells this life of the server from others.
    """

    def __init__(self, status: Callable[[], bytes], request_bytes_max: int, run: int) -> None:
        self.clients: dict[int, Client] = {}
        self.links: list[WorkerLink] = []
        self.lanes = Lanes(self.links)
        self.parted = trio.lowlevel.ParkingLot()
        self._status = status
        self._request_bytes_max = request_bytes_max
        self._run = run

    @property
    def connections(self) -> int:
        """How many there are, lanes included."""
        return len(self.clients) + self.lanes.besides(self.clients)

    def route(self, client: Client, frames: list[Frame]) -> list[WorkerLink]:
        """Send requests on their way, those for one worker in one piece; returns the workers that got some."""
        by_worker: dict[int, list[bytes]] = {}
        for frame in frames:
            try:
                if client.grant:
                    frame = client.grant.admit(frame)
                worker = worker_for(frame, len(self.links))
            except Refused as refused:
                if (frame[0], refused.code) != _FIRST_QUESTION:
                    complain(client, refused.reason)
                client.out.send(replies.error(frame[2], 0, refused.code))
                continue
            if worker == 0:
                client.out.send(self._own_answer(frame))
            elif self.links[worker - 1].state is State.DOWN:
                client.out.send(replies.error(frame[2], worker, Code.UNKNOWN))
            else:
                item = pack(client.number, frame)
                client.asked(worker, Request(frame[2], frame[1], item if frame[0] == Type.READ else b""))
                by_worker.setdefault(worker, []).append(item)
        links = [self.links[worker - 1] for worker in by_worker]
        for link in links:
            link.send(b"".join(by_worker[link.number]))
        return links

    def _own_answer(self, frame: Frame) -> bytes:
        if frame[0] == Type.NATIVE:
            return native.hello(frame[2], len(self.links), self._request_bytes_max, self._run)
        return replies.status(frame[2], 0, self._status())

    def part(self, client: Client) -> None:
        """A client is gone: its transactions end with it."""
        del self.clients[client.number]
        for worker in client.in_flight:
            link = self.links[worker - 1]
            if link.state is not State.DOWN:
                link.send(note(client.number, GONE))
        self.parted.unpark_all()

    def deliver(self, link: WorkerLink, found: list[Reply]) -> None:
        """Pass on a worker's replies, those for one client in one piece."""
        by_client: dict[Client, list[bytes]] = {}
        for number, kind, uid, properties, frame in found:
            client = self.clients.get(number)
            if client is not None:
                by_client.setdefault(client, []).append(client.answered(link.number, uid, properties, frame))
            elif not number:
                self.lanes.heard(kind, uid)
        for client, frames in by_client.items():
            client.out.send(b"".join(frames) if len(frames) > 1 else frames[0])

    def worker_died(self, link: WorkerLink) -> int:
        """Answer what it had in flight; returns how many requests were answered with errors."""
        self.lanes.worker_died(link)
        total = 0
        successor = link.state is not State.DOWN
        for client in self.clients.values():
            lost, item = client.lost(link.number, successor)
            total += lost
            if item:
                link.send(item)
        return total

    def give_credit(self, client: Client) -> None:
        """The client has taken everything: workers may send it more of long reads."""
        for worker, taken in client.uncredited.items():
            link = self.links[worker - 1]
            if taken >= limits.CREDIT_BYTES // 3 and link.state is State.SERVING:
                client.uncredited[worker] = 0
                link.send(note(client.number, CREDIT, taken))


def complain(client: Client, why: str) -> None:
    """Log the first request of a connection that breaks the protocol; more must not fill the disk with lines."""
    say = log.debug if client.complained_about else log.warning
    client.complained_about = True
    say(f"a request was refused: {why}", connection=client.number, peer=client.peer)
