"""The loop that every contender is driven by, against peers that answer when they are told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from everstore.bench.driver import Bounds, Failed, drive

WORD = b"x"


class Echo:
    """A dialect of one byte for an operation, over one connection."""

    def __init__(self, near: socket.socket) -> None:
        self._near = near

    def connections(self, in_flight: int) -> int:
        return min(in_flight, 1)

    def connect(self) -> socket.socket:
        return self._near.dup()

    def conversation(self) -> Echo.Talk:
        return Echo.Talk()

    class Talk:
        def __init__(self) -> None:
            self._waiting: list[int] = []

        def begin(self, operations: Sequence[int]) -> bytes:
            self._waiting += operations
            return WORD * len(operations)

        def receive(self, data: bytes) -> tuple[list[int], bytes]:
            done, self._waiting = self._waiting[: len(data)], self._waiting[len(data) :]
            return done, b""


@contextmanager
def peer(pause_s: float) -> Iterator[Echo]:
    """Answers each time so long after it has heard something."""
    near, far = socket.socketpair()
    ended = threading.Event()

    def answer() -> None:
        while words := far.recv(65536):
            ended.wait(pause_s)
            far.sendall(words)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield Echo(near)
    finally:
        ended.set()
        near.shutdown(socket.SHUT_RDWR)
        thread.join()
        near.close()
        far.close()


def test_operations_are_kept_in_flight_until_the_time_is_up() -> None:
    with peer(0.0) as echo:
        run = drive(echo, 4, Bounds(seconds=0.1))
    assert run.done == len(run.latencies)
    assert 0 < run.seconds <= 0.1
    assert run.rate == run.done / run.seconds


def test_so_many_operations_are_done_and_no_more() -> None:
    with peer(0.0) as echo:
        assert drive(echo, 4, Bounds(operations=10)).done == 10


def test_of_a_slow_peer_the_first_answers_count() -> None:
    with peer(0.2) as echo:
        run = drive(echo, 4, Bounds(seconds=0.05))
    assert run.done == 4
    assert run.seconds >= 0.2


def test_what_is_done_before_it_counts_is_no_run() -> None:
    with peer(0.0) as echo, pytest.raises(Failed, match="the 5 seconds that do not count"):
        drive(echo, 4, Bounds(warm_s=5, operations=10))
