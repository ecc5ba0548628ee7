from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing
from support import frames
from support.users import user, write_users

from everstore import limits
from everstore.supervisor.client import Client
from everstore.supervisor.login import Logins
from everstore.supervisor.memory import Memory
from everstore.supervisor.patience import Patience
from everstore.wire.session import Session, State


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_users(tmp_path / "users.json", user("ada", "right"))


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours


def asking(sock: socket.socket, nursery: trio.Nursery, password: bytes) -> Client:
    session = Session(None, 1000)
    session.receive(frames.login(b"ada", password, uid=5))
    patience = Patience(0.0, 60.0)
    return Client(1, sock, "192.0.2.1:4000", session, nursery, lambda _: None, Memory(2**20, 10), patience)


async def test_a_login_that_nobody_verifies_in_time_is_closed_without_an_answer(
    path: Path, sock: socket.socket, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    client = asking(sock, nursery, b"right")
    start = autojump_clock.current_time()
    assert await Logins(str(path)).verify(client) == []
    assert (client.session.state, client.session.replies) == (State.CLOSED, [])
    assert client.session.why == f"its login could not be verified within {limits.LOGIN_VERIFY_S_MAX:g} seconds"
    assert autojump_clock.current_time() - start == limits.LOGIN_VERIFY_S_MAX


async def test_a_verified_pair_needs_no_verifier_until_the_file_is_read_again(
    path: Path, sock: socket.socket, nursery: trio.Nursery
) -> None:
    logins = Logins(str(path))
    async with trio.open_nursery() as verifier:
        verifier.start_soon(logins.run)
        first = asking(sock, nursery, b"right")
        await logins.verify(first)
        assert first.session.state is State.OPEN
        verifier.cancel_scope.cancel()
    again = asking(sock, nursery, b"right")
    with trio.fail_after(5):
        await logins.verify(again)
    assert again.session.state is State.OPEN
    logins.reload([])
    with trio.move_on_after(0.2) as waiting:
        await logins.verify(asking(sock, nursery, b"right"))
    assert waiting.cancelled_caught, "nobody is there to verify it again"


async def test_a_login_that_was_verified_against_a_file_of_before_is_not_let_in(
    path: Path, sock: socket.socket, nursery: trio.Nursery
) -> None:
    logins = Logins(str(path))
    client = asking(sock, nursery, b"right")
    async with trio.open_nursery() as tasks:
        tasks.start_soon(logins.verify, client)
        await trio.testing.wait_all_tasks_blocked()
        write_users(path)
        logins.reload([])
        with trio.CancelScope() as verifier:
            tasks.start_soon(logins.run)
            while client.session.state is State.VERIFYING:
                await trio.sleep(0.01)
        assert (client.session.state, client.session.replies) == (State.CLOSED, [])
        assert not verifier.cancelled_caught
        tasks.cancel_scope.cancel()
