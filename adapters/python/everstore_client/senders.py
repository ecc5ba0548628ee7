"""Who a client is to the workers that it appends to: what makes an append that is sent again one and the same.

A sender is 16 random bytes that one worker knows it by; it numbers its appends, and says with each request below which
number it knows all outcomes. Laws: no two appends of a sender have the same number; `answered` passes no append whose
outcome is still waited for.
"""

from __future__ import annotations

import os
import threading
from typing import NamedTuple
from zlib import crc32

from .limits import OPEN_APPENDS_MAX
from .wire.native_replies import Hello

_CLIENT_BYTES = 16


class Sender:
    """Every method may be called by any thread."""

    __slots__ = ("_lock", "_next", "_open", "client")

    def __init__(self) -> None:
        self.client = os.urandom(_CLIENT_BYTES)
        self._lock = threading.Lock()
        self._next = 1
        self._open: dict[int, None] = {}

    def begin(self) -> int:
        """The sequence of a further append."""
        with self._lock:
            sequence = self._next
            self._next += 1
            self._open[sequence] = None
        return sequence

    def end(self, sequence: int) -> None:
        """Its outcome is known, or nobody will ask for it again."""
        with self._lock:
            self._open.pop(sequence, None)

    @property
    def answered(self) -> int:
        with self._lock:
            return next(iter(self._open), self._next)

    @property
    def is_full(self) -> bool:
        """Whether the server would have to remember so many outcomes that another sender had better go on."""
        with self._lock:
            return self._next - next(iter(self._open), self._next) >= OPEN_APPENDS_MAX


class Senders:
    """Those of one client: one for each worker, and another while one waits for the outcome of an old append."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_worker: dict[tuple[int, int], Sender] = {}

    def to(self, worker: int, workers: int) -> Sender:
        """The sender that numbers the next append to a worker, of so many."""
        with self._lock:
            sender = self._of_worker.get((worker, workers))
            if sender is None or sender.is_full:
                sender = self._of_worker[worker, workers] = Sender()
            return sender


class Native(NamedTuple):
    """A server that knows the native requests: what it said of itself, and who appends to it."""

    hello: Hello
    senders: Senders

    def worker_of(self, name: bytes) -> int:
        """The worker of a journal, as the server's document has it."""
        return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * self.hello.workers >> 32) + 1

    def sender_to(self, worker: int) -> Sender:
        return self.senders.to(worker, self.hello.workers)
