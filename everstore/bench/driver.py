"""The client of every contender: one process, one loop, so many transactions in flight over so many connections.

The same loop drives each of them, and a dialect says what stands on the wire. Requests are built by a few joins of
ready bytes, and answers are recognised rather than parsed: no client library in Python comes near, and so what is
measured is the server more than its client.

Sending blocks. It cannot lock up against a server that waits for its answers to be taken: in every dialect either the
requests or the answers in flight are small enough for the sockets' buffers.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import NamedTuple, Protocol

from everstore.bench.figures import quantile

RECEIVE_BYTES = 1 << 20
SILENT_S_MAX = 60.0
"""Without any answer; then the server hangs, and the run fails."""


class Conversation(Protocol):
    """What one connection says."""

    def begin(self, operations: Sequence[int]) -> bytes:
        """What begins operations, whose numbers come back from `receive` when they are done."""

    def receive(self, data: bytes) -> tuple[list[int], bytes]:
        """The operations that are done now, and what is to be said next for those that are not.

        Raises:
            Failed: an answer is an error.
        """


class Dialect(Protocol):
    """How one contender is talked to."""

    def connections(self, in_flight: int) -> int:
        """How many connections serve so many transactions in flight the best."""

    def connect(self) -> socket.socket:
        """A connection that is logged in."""

    def conversation(self) -> Conversation:
        """What is said on a new connection."""


class Failed(Exception):
    """A contender answered with an error, or not at all; what was measured until then says nothing."""


class Run(NamedTuple):
    """`done` operations, done within `seconds`, at `latencies`, in seconds, in order of size."""

    done: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Operations a second."""
        return self.done / self.seconds

    def latency(self, share: float) -> float:
        """The latency in seconds that such a share of the operations stays below."""
        return quantile(self.latencies, share)


class Line(NamedTuple):
    socket: socket.socket
    conversation: Conversation


class Bounds(NamedTuple):
    """How long a run is: until so many operations have begun, or for `warm_s` that do not count and `seconds`, or as
    long as the first that counts takes.
    """

    warm_s: float = 0.0
    seconds: float = float("inf")
    operations: float = float("inf")


def drive(dialect: Dialect, in_flight: int, bounds: Bounds, one_each: bool = False) -> Run:
    """Keep `in_flight` operations under way, numbered from 0, over as many connections as the dialect likes or, where
    there is to be `one_each`, as there are operations.

    Raises:
        Failed: see there.
    """
    with _lines(dialect, in_flight if one_each else dialect.connections(in_flight)) as lines:
        return _Drive(lines, bounds).run(in_flight)


@contextmanager
def _lines(dialect: Dialect, count: int) -> Iterator[list[Line]]:
    with ExitStack() as stack:
        yield [Line(stack.enter_context(dialect.connect()), dialect.conversation()) for _ in range(count)]


class _Drive:
    def __init__(self, lines: list[Line], bounds: Bounds) -> None:
        self._lines = lines
        self._bounds = bounds
        self._begun: list[float] = []  # monotonic seconds, by operation
        self._latencies: list[float] = []

    def run(self, in_flight: int) -> Run:
        start = time.perf_counter()
        counting = start + self._bounds.warm_s
        end = counting + self._bounds.seconds
        with selectors.DefaultSelector() as selector:
            for number, line in enumerate(self._lines):
                selector.register(line.socket, selectors.EVENT_READ, line)
                share = len(range(number, in_flight, len(self._lines)))
                self._say(line, self._begin(line.conversation, share, start))
            last = self._loop(selector, counting, end)
        if not self._latencies:
            raise Failed(f"all was done within the {self._bounds.warm_s:g} seconds that do not count")
        return Run(len(self._latencies), last - counting, sorted(self._latencies))

    def _loop(self, selector: selectors.BaseSelector, counting: float, end: float) -> float:
        """Until nothing is in flight; returns when the last operation that counts was done."""
        now = done_last = counting
        waiting = len(self._begun)
        while waiting:
            ready = selector.select(SILENT_S_MAX)
            if not ready:
                raise Failed(f"no answer within {SILENT_S_MAX:g} seconds")
            for key, _ in ready:
                line: Line = key.data
                done, next_words = line.conversation.receive(_received(line.socket))
                now = time.perf_counter()
                if counting <= now and (now <= end or not self._latencies):
                    self._latencies += [now - self._begun[operation] for operation in done]
                    done_last = now if done else done_last
                before = len(self._begun)
                begun = self._begin(line.conversation, len(done), now) if now < end else b""
                waiting += len(self._begun) - before - len(done)
                self._say(line, next_words + begun)
        return done_last

    def _begin(self, conversation: Conversation, count: int, now: float) -> bytes:
        first = len(self._begun)
        count = int(min(count, self._bounds.operations - first))
        self._begun += [now] * count
        return conversation.begin(range(first, first + count))

    def _say(self, line: Line, words: bytes) -> None:
        if words:
            line.socket.sendall(words)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(RECEIVE_BYTES)
    if not data:
        raise Failed("the server closed the connection")
    return data
