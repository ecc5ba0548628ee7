from __future__ import annotations

import errno
import os
import select
import socket
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from everstore.supervisor.outflow import Outflow


class Full(socket.socket):
    """Takes `most` bytes, then fails as a system without memory does."""

    most = 0

    def send(self, data: bytes, _: int = 0) -> int:
        if not self.most:
            raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))
        self.most, taken = 0, min(len(data), self.most)
        return taken


@pytest.fixture
def sock() -> Iterator[Full]:
    """One end of a connection whose other end says nothing."""
    ours, theirs = socket.socketpair()
    with Full(fileno=ours.detach()) as sock, theirs:
        sock.setblocking(False)
        yield sock


@pytest.mark.parametrize("most", [0, 1])
async def test_the_reader_of_a_socket_that_takes_no_more_finds_it_at_its_end(
    sock: Full, nursery: trio.Nursery, most: int
) -> None:
    sock.most = most
    out = Outflow(sock, nursery, lambda: None)
    out.send(b"ab")
    await trio.testing.wait_all_tasks_blocked()
    assert out.broken
    assert select.select([sock], [], [], 0)[0], "its reader waits for ever"
    assert sock.recv(1) == b""
