"""Native appends of a client: each comes again until its outcome is known, or too much time has passed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from zlib import crc32

from simulation.history import CONFLICT, REFUSED, Commit, History
from support import frames
from support.frames import APPEND, Reply

GIVEN_UP_S = 110.0
"""What a server has promised is two minutes."""
UNKNOWN, LOST_ROOM = 1, 15


@dataclass
class Sent:
    """An append that was sent at least once. `client` and `sequence` name it to servers, `run` is where it was new."""

    commit: Commit
    client: bytes
    sequence: int
    run: int
    since: float
    conditional: bool


class Appending:
    """What one client has under way. `hello` is what the server said last: its number of workers, and its run."""

    def __init__(self, number: int, history: History) -> None:
        self._number = number
        self._history = history
        self._workers, self._run = 0, 0
        self._sequences: dict[bytes, int] = {}
        self._unknown: list[Sent] = []

    def hello(self, reply: Reply) -> None:
        _, self._workers, _, self._run = struct.unpack("<3IQ", reply.body)

    def new(self, commit: Commit, conditional: bool, now: float) -> Sent:
        client = struct.pack("<4I", self._number, self._workers, self._owner(commit.name), 0)
        self._sequences[client] = sequence = self._sequences.get(client, 0) + 1
        return Sent(commit, client, sequence, self._run, now, conditional)

    def unknown(self, now: float) -> Sent | None:
        """One that may come again, if there is any."""
        self._unknown = [each for each in self._unknown if now - each.since < GIVEN_UP_S]
        return self._unknown.pop(0) if self._unknown else None

    def lost(self, sent: Sent) -> None:
        """Its outcome is not known."""
        self._unknown.append(sent)

    def frame(self, sent: Sent, uid: int) -> bytes:
        commit = sent.commit
        types = b"\n".join(sorted(commit.types))
        return frames.append(
            commit.name,
            commit.events,
            self._owner(commit.name),
            sent.sequence,
            sent.run,
            sent.client,
            2 if sent.conditional else 0,
            commit.opened_at if sent.conditional else 0,
            types,
            types,
            uid,
        )

    def heard(self, sent: Sent, reply: Reply) -> None:
        if reply.kind != APPEND:
            self.lost(sent)
            return
        code, position = struct.unpack_from("<IQ", reply.body, 4)
        if not code:
            self._history.acknowledge(sent.commit, position)
        elif code == 7:
            sent.commit.outcome, sent.commit.size = CONFLICT, position
        elif code != UNKNOWN:
            sent.commit.outcome = REFUSED

    def _owner(self, name: bytes) -> int:
        return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * self._workers >> 32) + 1
