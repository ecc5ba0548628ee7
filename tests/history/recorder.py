"""Clients that do random things on several journals, pipelined, and write down what they asked and were told."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import deque
from pathlib import Path

from history.checker import NEVER, NEW_JOURNAL, Operation
from support import frames
from support.frames import TIMESTAMPS, TWO
from support.wire import Client, part_bytes

HOT = [b"/hot/1", b"/hot/2"]
COLD = [b"/cold/%d" % number for number in range(12)]
JOURNALS = HOT + COLD
SHARES = (45, 20, 35)  # of the hot, the cold and the fresh journals
FRESH_FOR = 15
"""So many operations long a client uses the same fresh journal, and then the next one. The others are about there, too,
so journals come to be between several transactions all the time, not only at the start.
"""
TYPES = [b"A", b"B", b"C", b"D", NEW_JOURNAL]
ALL = 2**32 - 1
LOST = (OSError, AssertionError)
"""A connection that ends is a failed assertion of the test client."""
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # of SO_LINGER


class Recorder(threading.Thread):
    """One client. `operations` is whole when it has been joined. `resets`: the share of its rounds in which it breaks
    its connection, with requests in flight and perhaps in the midst of a frame; `broken` counts those, `lost` the
    connections that ended otherwise.
    """

    def __init__(self, port: int, name: str, seed: str, most: int, resets: float = 0.0) -> None:
        super().__init__()
        self.operations: list[Operation] = []
        self.lost = self.broken = 0
        self._resets = resets
        self._ended: deque[tuple[Operation, int, int]] = deque(maxlen=20)
        self._port = port
        self._prefix = name.encode()
        self._random = random.Random(seed)
        self._most = most
        self._number = 0

    def run(self) -> None:
        while len(self.operations) < self._most:
            try:
                with Client(self._port) as client:
                    while len(self.operations) < self._most:
                        self._round(client)
            except ConnectionRefusedError:
                return
            except _Reset:
                self.broken += 1
            except LOST:
                self.lost += 1

    def _round(self, client: Client) -> None:
        """Open transactions, then use them, all requests of either before the first answer."""
        choose = self._random
        fresh = [b"/fresh/%d" % (len(self.operations) // FRESH_FOR)]
        names = [choose.choice(choose.choices((HOT, COLD, fresh), SHARES)[0]) for _ in range(choose.randint(1, 8))]
        opens = [(Operation("open", name, 0.0), frames.open_transaction(name, client.uid())) for name in names]
        replies = self._ask(client, opens)
        uses: list[tuple[Operation, bytes]] = []
        ending: list[tuple[Operation, int, int, Operation]] = []
        for (opened, _), reply in zip(opens, replies, strict=True):
            if opened.outcome == "ok":
                mine = self._uses(client, opened, reply)
                uses += mine
                transaction = TWO.unpack(reply.body)[1]
                ending += [(opened, reply.worker, transaction, use) for use, _ in mine if use.kind == "commit"]
        if self._ended and choose.random() < 0.5:
            opened, worker, transaction = choose.choice(self._ended)
            uses.append(self._commit(client, opened, worker, transaction, opened.journal, owned=False))
        self._ask(client, uses)
        self._ended += [each[:3] for each in ending if each[3].outcome in ("ok", "conflict")]

    def _uses(self, client: Client, opened: Operation, reply: frames.Reply) -> list[tuple[Operation, bytes]]:
        choose, name, worker = self._random, opened.journal, reply.worker
        transaction = TWO.unpack(reply.body)[1]
        kind = choose.random()
        uses = []
        if kind < 0.1:
            operation = Operation("rollback", name, 0.0)
            uses.append((operation, frames.rollback(name, worker, transaction, client.uid())))
            uses.append(self._commit(client, opened, worker, transaction, name, owned=False))
        elif kind < 0.2:
            other = choose.choice([each for each in JOURNALS if each != name])
            uses.append(self._commit(client, opened, worker, transaction, other, owned=False))
        elif kind < 0.75:
            uses.append(self._commit(client, opened, worker, transaction, name, owned=True))
            if kind < 0.25:  # The transaction has ended with the first one, whatever became of that.
                uses.append(self._commit(client, opened, worker, transaction, name, owned=False))
        if choose.random() < 0.25:
            offset = opened.size if choose.random() < 0.8 else 0
            read = Operation("read", name, 0.0, offset=offset)
            uses.append((read, frames.read(name, worker, offset, ALL, TIMESTAMPS, client.uid())))
        if choose.random() < 0.2:
            uses.append((Operation("exists", name, 0.0), frames.exists(name, client.uid())))
        return uses

    def _commit(
        self, client: Client, opened: Operation, worker: int, transaction: int, name: bytes, owned: bool
    ) -> tuple[Operation, bytes]:
        types = frozenset(self._random.sample(TYPES, self._random.randint(0, 2)))
        if opened.size == 0 and self._random.random() < 0.5:
            types |= {NEW_JOURNAL}
        events = tuple(self._event() for _ in range(self._random.choice((1, 1, 2, 5))))
        operation = Operation("commit", name, 0.0, opened_at=opened.size, owned=owned, types=types, events=events)
        request = frames.commit(name, worker, transaction, b",".join(types), b"\n".join(events), client.uid())
        return operation, request

    def _event(self) -> bytes:
        self._number += 1
        return b"E %s-%d" % (self._prefix, self._number)

    def _ask(self, client: Client, asked: list[tuple[Operation, bytes]]) -> list[frames.Reply]:
        waiting = {frames.HEADER.unpack_from(request)[2]: operation for operation, request in asked}
        answers: dict[int, frames.Reply] = {}
        called = time.monotonic()
        for operation, _ in asked:
            operation.called = called
        self.operations += waiting.values()
        requests = b"".join(request for _, request in asked)
        reset_behind = self._random.randrange(len(waiting) + 1) if self._random.random() < self._resets else NEVER
        if reset_behind == 0:
            requests = requests[: self._random.randrange(len(requests) + 1)]
        client.send(requests)
        while len(answers) < len(waiting):
            if len(answers) == reset_behind:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                raise _Reset
            reply = client.receive()
            operation = waiting[reply.uid]
            if reply.kind == frames.READ:
                operation.data += part_bytes(reply)
            if not reply.properties & frames.MULTIPART:
                _note(operation, reply)
                answers[reply.uid] = reply
        return [answers[uid] for uid in waiting]


class _Reset(Exception):
    """This client has broken its connection."""


def _note(operation: Operation, reply: frames.Reply) -> None:
    if reply.kind == frames.ERROR and reply.code == 1:
        return
    operation.answered = time.monotonic()
    operation.outcome = "ok"
    if reply.kind == frames.ERROR:
        operation.outcome, operation.code = "refused", reply.code
    elif reply.kind == frames.OPEN:
        operation.size = TWO.unpack(reply.body)[0]
    elif reply.kind == frames.COMMIT:
        success, operation.size = TWO.unpack(reply.body)
        operation.outcome = "ok" if success else "conflict"
    elif reply.kind == frames.EXISTS:
        operation.exists = reply.body == b"\1"


def final_journals(directory: Path) -> dict[bytes, bytes]:
    """What the files hold, by journal; those that do not exist are missing."""
    files = (file for kind in ("hot", "cold", "fresh") for file in (directory / kind).glob("*.log"))
    return {b"/" + bytes(file.relative_to(directory).with_suffix("")): file.read_bytes() for file in files}
