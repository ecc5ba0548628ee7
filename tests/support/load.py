"""Pipelined commits whose answers are kept apart by their fate, and the check of what a server must hold afterwards."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from support import frames
from support.frames import COMMIT, ERROR, OPEN, Reply
from support.wire import Client, Opened, opened

EVENTS_EACH = 3


class Sent(NamedTuple):
    journal: bytes
    events: tuple[bytes, ...]


class Load:
    """Commits of three events each over one connection, each event unlike any other. `sent` is by request UID."""

    def __init__(self, client: Client, journals: list[bytes], label: bytes) -> None:
        self.client = client
        self.journals = journals
        self.label = label
        self.sent: dict[int, Sent] = {}
        self.order: dict[bytes, list[int]] = {journal: [] for journal in journals}
        self.answers: dict[int, Reply] = {}

    def open_many(self, count: int) -> list[Opened]:
        """Transactions on the journals in turn; those that a dying worker refuses are left out."""
        names = [self.journals[number % len(self.journals)] for number in range(count)]
        self.client.send(*[frames.open_transaction(name, uid) for uid, name in enumerate(names)])
        replies = self.client.receive_many(count)
        return [opened(names[reply.uid], reply) for reply in replies if reply.kind == OPEN]

    def send(self, transactions: list[Opened]) -> None:
        """All commits in one go, unanswered so far."""
        requests = []
        for on in transactions:
            uid = 100_000 + len(self.sent)
            events = tuple(b"%s %d.%d" % (self.label, uid, part) for part in range(EVENTS_EACH))
            self.sent[uid] = Sent(on.name, events)
            self.order[on.name].append(uid)
            requests.append(frames.commit(on.name, on.worker, on.transaction, b"", b"\n".join(events), uid))
        self.client.send(*requests)

    def receive(self) -> None:
        """Every answer that is due, none twice."""
        self.receive_some(len(self.sent) - len(self.answers))

    def receive_some(self, count: int) -> None:
        for _ in range(count):
            self._take(self.client.receive())

    def receive_until_closed(self) -> None:
        """As many as come before the connection ends."""
        with contextlib.suppress(AssertionError, ConnectionResetError):
            while True:
                self._take(self.client.receive())

    def _take(self, reply: Reply) -> None:
        assert reply.kind in (COMMIT, ERROR), reply
        assert reply.uid in self.sent, "an answer to nothing"
        assert reply.uid not in self.answers, "a second answer"
        self.answers[reply.uid] = reply

    def acknowledged(self) -> set[int]:
        """The UIDs of commits that the server said it has done."""
        return {uid for uid, reply in self.answers.items() if reply.kind == COMMIT}

    def refused(self, code: int) -> set[int]:
        return {uid for uid, reply in self.answers.items() if reply.kind == ERROR and reply.code == code}

    def codes(self) -> set[int]:
        """All errors that were answered."""
        return {reply.code for reply in self.answers.values() if reply.kind == ERROR}

    def check(self, client: Client) -> None:
        """Acknowledged is there once, refused is not there, unknown is there once and whole or not at all."""
        acknowledged, gone = self.acknowledged(), self.refused(6) | self.refused(15)
        for journal, uids in self.order.items():
            written = client.events(journal)
            mine = [event for event in written if event.startswith(self.label + b" ")]
            blocks = [tuple(mine[at : at + EVENTS_EACH]) for at in range(0, len(mine), EVENTS_EACH)]
            assert len(set(blocks)) == len(blocks), "nothing is there twice"
            due = {self.sent[uid].events for uid in uids if uid in acknowledged}
            never = {self.sent[uid].events for uid in uids if uid in gone}
            possible = {self.sent[uid].events for uid in uids} - never
            assert due <= set(blocks), "what was acknowledged is there"
            assert set(blocks) <= possible, "what is there was sent, is whole, and was not refused"
            place = {self.sent[uid].events: number for number, uid in enumerate(uids)}
            assert [place[block] for block in blocks] == sorted(place[block] for block in blocks), "in the order sent"
