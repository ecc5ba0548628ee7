from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trio
import trio.testing
from support import frames
from support.users import cheap_hash, user, write_users

from everstore import limits
from everstore.errors import ConfigError
from everstore.supervisor import verifier as verifier_module
from everstore.supervisor.client import Client
from everstore.supervisor.login import Logins
from everstore.supervisor.memory import Memory
from everstore.users.hashing import parse
from everstore.users.roll import READ_ONLY
from everstore.wire.layouts import HEADER, Type
from everstore.wire.session import Session, State
from everstore.worker.patience import Patience


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_users(tmp_path / "users.json", user("ada", "right"))


@pytest.fixture
def sock() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        yield ours


def asking(
    sock: socket.socket,
    nursery: trio.Nursery,
    password: bytes,
    name: bytes = b"ada",
    host: str = "192.0.2.1",
    behind: bytes = b"",
) -> Client:
    session = Session(None, 1000)
    session.receive(frames.login(name, password, uid=5) + behind)
    patience = Patience(0.0, 60.0)
    return Client(1, sock, f"{host}:4000", session, nursery, lambda _: None, Memory(2**20, 10), patience)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that the verifier is asked about; it answers without a process of its own."""
    kept: list[str] = []

    async def answer(_: object, question: bytes) -> bool:
        told, _, password = question.decode().partition(" ")
        kept.append(told)
        await trio.sleep(0)
        return parse(told).matches(password.encode())

    async def keep_alive(verifier: verifier_module.Verifier) -> None:
        await verifier._converse(None)  # type: ignore[arg-type]  # noqa: SLF001

    monkeypatch.setattr(verifier_module, "_answer", answer)
    monkeypatch.setattr(verifier_module.Verifier, "keep_alive", keep_alive)
    return kept


@pytest.fixture
def logins(path: Path, nursery: trio.Nursery, asked: list[str]) -> Logins:  # noqa: ARG001 - before it runs
    made = Logins(str(path))
    nursery.start_soon(made.run)
    return made


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


# -- who gets in


async def test_a_right_login_lets_its_user_in_with_what_came_behind_it(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery
) -> None:
    client = asking(sock, nursery, b"right", behind=frames.exists(b"/a", uid=6))
    assert [frame[:3] for frame in await logins.verify(client)] == [(Type.EXISTS, 6, 6)]
    assert client.session.state is State.OPEN
    assert client.user is not None
    assert (client.user.name, client.grant) == ("ada", None)


@pytest.mark.parametrize(
    ("name", "password"), [(b"ada", b"wrong"), (b"ada", b""), (b"bob", b"right"), (b"", b"right"), (b"\xff", b"right")]
)
async def test_a_wrong_user_or_password_is_answered_with_error_2_and_nobody_is_in(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery, name: bytes, password: bytes
) -> None:
    client = asking(sock, nursery, password, name)
    assert await logins.verify(client) == []
    assert (client.session.state, client.user) == (State.CLOSED, None)
    assert [(HEADER.unpack_from(reply)[2], reply[20]) for reply in client.session.replies] == [(5, 2)]


async def test_a_user_that_does_not_exist_is_verified_against_a_hash_as_dear_as_any(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery, asked: list[str]
) -> None:
    await logins.verify(asking(sock, nursery, b"right", b"bob"))
    (told,) = asked
    assert parse(told)[:3] == (limits.HASH_LOG_N, limits.HASH_R, limits.HASH_P)


async def test_a_user_with_less_rights_has_only_these(
    path: Path, logins: Logins, sock: socket.socket, nursery: trio.Nursery
) -> None:
    clerk = user("ada", "right", "/orders/")
    write_users(path, clerk)
    logins.reload([])
    client = asking(sock, nursery, b"right")
    await logins.verify(client)
    assert client.grant == clerk.grant


async def test_a_further_login_on_a_connection_must_be_the_same(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery
) -> None:
    client = asking(sock, nursery, b"right")
    await logins.verify(client)
    client.session.receive(frames.login(b"ada", b"right"))
    assert client.session.state is State.OPEN
    client.session.receive(frames.login(b"adar", b"ight"))
    assert client.session.state is State.CLOSED


async def test_a_wrong_login_makes_the_next_one_of_its_address_wait_and_no_other(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    await logins.verify(asking(sock, nursery, b"wrong"))
    start = autojump_clock.current_time()
    await logins.verify(asking(sock, nursery, b"right", host="192.0.2.2"))
    assert autojump_clock.current_time() == start
    await logins.verify(asking(sock, nursery, b"other"))
    assert autojump_clock.current_time() - start == pytest.approx(limits.FAILURE_PAUSE_S_FIRST)
    await logins.verify(asking(sock, nursery, b"right"))
    assert autojump_clock.current_time() - start == pytest.approx(limits.FAILURE_PAUSE_S_FIRST), "it is known by now"


async def test_a_pair_that_was_verified_for_another_connection_meanwhile_is_not_verified_again(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery, asked: list[str]
) -> None:
    clients = [asking(sock, nursery, b"right") for _ in range(6)]
    async with trio.open_nursery() as together:
        for client in clients:
            together.start_soon(logins.verify, client)
    assert {client.session.state for client in clients} == {State.OPEN}
    assert len(asked) == 1


async def test_so_many_pairs_are_remembered_and_the_longest_unused_is_forgotten(
    path: Path,
    logins: Logins,
    sock: socket.socket,
    nursery: trio.Nursery,
    asked: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "LOGINS_REMEMBERED", 2)
    write_users(path, *(user(name, "right") for name in "abc"))
    logins.reload([])

    async def verifications(names: str) -> int:
        before = len(asked)
        for name in names:
            await logins.verify(asking(sock, nursery, b"right", name.encode()))
        return len(asked) - before

    assert await verifications("ab") == 2
    assert await verifications("ab") == 0
    assert await verifications("a") == 0
    assert await verifications("c") == 1, "b goes"
    assert await verifications("ac") == 0
    assert await verifications("b") == 1


async def test_pairs_are_not_confused_by_where_a_name_ends(
    path: Path, logins: Logins, sock: socket.socket, nursery: trio.Nursery
) -> None:
    write_users(path, user("ab", "cd"), user("abc", "x"))
    logins.reload([])
    await logins.verify(asking(sock, nursery, b"cd", b"ab"))
    other = asking(sock, nursery, b"d", b"abc")
    await logins.verify(other)
    assert other.session.state is State.CLOSED


async def test_a_login_that_finds_the_queue_of_its_address_full_is_closed_without_an_answer(
    logins: Logins, sock: socket.socket, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VERIFIED_PER_ADDRESS_MAX", 0)
    client = asking(sock, nursery, b"right")
    assert await logins.verify(client) == []
    assert (client.session.state, client.session.replies) == (State.CLOSED, [])
    assert client.session.why == "its login could not be verified: 0 logins of its address wait, the limit"


# -- the file is read again


async def test_users_who_are_gone_or_have_another_password_leave_and_the_others_stay(
    path: Path, logins: Logins, sock: socket.socket, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    stays = user("stays", "right")
    write_users(path, stays, user("gone", "right"), user("new", "right"))
    logins.reload([])
    clients = {name: asking(sock, nursery, b"right", name.encode()) for name in ("stays", "gone", "new")}
    for client in clients.values():
        await logins.verify(client)
    write_users(path, stays, user("new", "right"))
    caplog.clear()
    logins.reload([*clients.values(), asking(sock, nursery, b"right")])
    assert {name: client.session.why for name, client in clients.items()} == {
        "stays": "",
        "gone": "its user is gone",
        "new": "its user has another password now",
    }
    left = {name for name, client in clients.items() if client.listening.cancel_called}
    assert left == {"gone", "new"}
    assert caplog.messages == [f"SIGHUP: 2 users read from {path}; 2 connections of former ones end"]


async def test_a_user_with_other_rights_has_these_from_now_on(
    path: Path, logins: Logins, sock: socket.socket, nursery: trio.Nursery
) -> None:
    kept = cheap_hash("right")
    write_users(path, replace(user("ada", "right", reads_only=True), kept=kept))
    logins.reload([])
    client = asking(sock, nursery, b"right")
    await logins.verify(client)
    assert client.grant is not None
    write_users(path, replace(user("ada", "right"), kept=kept))
    logins.reload([client])
    assert (client.session.state, client.grant) == (State.OPEN, None)
    assert client.user is not None
    assert client.user.role == "read-write"


async def test_a_file_that_cannot_be_used_changes_nothing(
    path: Path, logins: Logins, sock: socket.socket, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    client = asking(sock, nursery, b"right")
    await logins.verify(client)
    path.write_text("{")
    logins.reload([client])
    assert client.session.state is State.OPEN
    assert caplog.messages == [
        f"SIGHUP: the users stay as they were: --users: {path} is no file of users: it is not JSON"
    ]
    again = asking(sock, nursery, b"right")
    await logins.verify(again)
    assert again.session.state is State.OPEN


def test_a_server_does_not_start_with_a_file_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        Logins(str(tmp_path / "nothing"))


@pytest.mark.parametrize("change", ["none", "gone", "another password", "other rights"])
async def test_who_may_keep_a_lane_is_known_from_the_file_as_it_is_now(path: Path, logins: Logins, change: str) -> None:
    before = logins._roll["ada"]  # noqa: SLF001
    now = {
        "none": before,
        "gone": user("bob", "right"),
        "another password": user("ada", "wrong"),
        "other rights": replace(before, role=READ_ONLY),
    }
    write_users(path, now[change])
    logins.reload([])
    assert logins.is_unlimited(before) is (change == "none")
