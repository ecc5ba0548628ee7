from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from everstore import limits
from everstore.errors import Code
from everstore.supervisor.client import Client, Request
from everstore.supervisor.memory import Memory
from everstore.wire import replies
from everstore.wire.session import Credentials, Session
from everstore.worker import tcp
from everstore.worker.patience import Patience


@pytest.fixture
async def pair(nursery: trio.Nursery) -> AsyncIterator[tuple[Client, socket.socket]]:
    """A client as the supervisor has it, and its own end of the connection."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        session = Session(Credentials(b"", b""), 1000)
        memory, patience = Memory(1 << 28, 1), Patience(0.0, 1e9)
        yield Client(1, ours, "", session, nursery, lambda _: None, memory, patience), theirs


async def test_a_client_that_sends_no_more_is_waited_for_as_long_as_answers_come(
    pair: tuple[Client, socket.socket], nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    client, _ = pair
    for uid in range(10):
        client.asked(1, Request(uid, 100))

    async def answer_slowly() -> None:
        for uid in range(9):
            await trio.sleep(limits.STALLED_S_MAX - 1)
            client.out.send(client.answered(1, uid, 0, replies.error(uid, 1, Code.UNKNOWN)))

    nursery.start_soon(answer_slowly)
    start = autojump_clock.current_time()
    assert not await client.until_idle(), "the last answer never comes"
    assert autojump_clock.current_time() - start >= 9 * (limits.STALLED_S_MAX - 1) + limits.STALLED_S_MAX


async def test_a_client_that_takes_its_answers_slowly_is_waited_for(
    pair: tuple[Client, socket.socket], nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    client, theirs = pair
    client.out.send(bytes(5_000_000))

    async def take_slowly() -> None:
        while client.out.owed:
            await trio.sleep(limits.STALLED_S_MAX * 0.7)
            theirs.recv(500_000)

    nursery.start_soon(take_slowly)
    start = autojump_clock.current_time()
    assert await client.until_idle()
    assert autojump_clock.current_time() - start > 5 * limits.STALLED_S_MAX


def test_a_connection_is_asked_now_and_then_whether_its_machine_is_still_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            tcp.prepare(accepted)
            assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            found = [
                accepted.getsockopt(socket.IPPROTO_TCP, each)
                for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            ]
            assert found == [limits.KEEPALIVE_S_FIRST, limits.KEEPALIVE_S_NEXT, limits.KEEPALIVE_TRIES]


async def test_a_client_that_waits_for_its_answer_is_not_one_that_does_not_take_it(
    pair: tuple[Client, socket.socket],
) -> None:
    client, _ = pair
    client.asked(1, Request(1, 1 << 29))
    assert not client.seen().greedy
    client.out.send(bytes(1 << 27))
    assert client.seen().greedy
