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
        """The sequence of a further append; 0 when the server would have to remember so many outcomes that another
        sender had better go on.
        """
        with self._lock:
            sequence = self._next
            if sequence - next(iter(self._open), sequence) >= OPEN_APPENDS_MAX:
                return 0
            self._next = sequence + 1
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


class Senders:
    """Those of one client: one for each worker, and another while one waits for the outcome of an old append."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_worker: dict[tuple[int, int], Sender] = {}

    def begin(self, worker: int, workers: int) -> tuple[Sender, int]:
        """Who sends the next append to a worker, of so many, and its sequence."""
        sender = self._of_worker.get((worker, workers))
        sequence = sender.begin() if sender else 0
        while sender is None or not sequence:
            sender = self._another(worker, workers, sender)
            sequence = sender.begin()
        return sender, sequence

    def _another(self, worker: int, workers: int, full: Sender | None) -> Sender:
        """In place of one that is full, unless another thread has found one already."""
        with self._lock:
            if self._of_worker.get((worker, workers)) is full:
                self._of_worker[worker, workers] = Sender()
            return self._of_worker[worker, workers]


class Native(NamedTuple):
    """A server that knows the native requests: what it said of itself, and who appends to it."""

    hello: Hello
    senders: Senders

    def worker_of(self, name: bytes) -> int:
        """The worker of a journal, as the server's document has it."""
        return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * self.hello.workers >> 32) + 1

    def begin(self, worker: int) -> tuple[Sender, int]:
        """Who sends the next append to a worker, and its sequence."""
        return self.senders.begin(worker, self.hello.workers)
