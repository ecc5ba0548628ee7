"""The hello and the login: what is heard before it, what opens the door, and what closes it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.frames import ERROR, HEADER
from support.processes import resident_bytes
from support.server import RunningServer
from support.wire import HELLO, Client

pytestmark = pytest.mark.slow

NAME = b"/login"
LOGIN_S_MAX = 5.0
KNOCKS = {
    "new transaction": frames.open_transaction(NAME),
    "commit": frames.commit(NAME, 1, 1, b"t", b"t {}"),
    "rollback": frames.rollback(NAME, 1, 1),
    "read": frames.read(NAME, 1, 0, 0),
    "exists": frames.exists(NAME),
    "status": frames.status(),
    "list": frames.list_journals(),
    "error": frames.frame(ERROR, body=b"\1\0\0\0"),
    "unknown": frames.frame(99),
}
WRONG = {
    "user": frames.login(b"Admin", b"passwd", uid=77),
    "password": frames.login(b"admin", b"passwe", uid=77),
    "a password cut short": frames.login(b"admin", b"passw", uid=77),
    "a password with more behind it": frames.login(b"admin", b"passwd\0", uid=77),
    "no password": frames.login(b"admin", b"", uid=77),
    "nothing": frames.login(b"", b"", uid=77),
    "both swapped": frames.login(b"passwd", b"admin", uid=77),
}
TOO_LONG = {
    "user": frames.login(b"a" * 33, b"passwd"),
    "password": frames.login(b"admin", b"p" * 33),
    "a megabyte": frames.login(b"a" * (1 << 20), b"passwd"),
}


@pytest.fixture
def stranger(server: RunningServer) -> Iterator[Client]:
    """Connected, greeted, not logged in."""
    with Client(server.port, login=False) as connected:
        assert connected.receive_exactly(3) == HELLO
        yield connected


def logged_in(client: Client) -> bool:
    reply = client.ask(frames.exists(NAME, uid=5))
    return reply[:4] == (frames.EXISTS, 1, 5, 0) and reply.body == b"\0"


def is_only_errors(data: bytes) -> bool:
    """True of nothing at all, and of whole error replies."""
    step = HEADER.size + 4
    return len(data) % step == 0 and all(
        HEADER.unpack_from(data, at)[:2] == (ERROR, 4) for at in range(0, len(data), step)
    )


def test_the_hello_is_three_bytes_for_little_endian_version_1_login_required(server: RunningServer) -> None:
    with Client(server.port, login=False) as client:
        assert client.receive_exactly(3) == b"\x00\x01\x01"
        client.send(frames.login(), frames.exists(NAME, uid=9))
        assert client.receive().uid == 9, "nothing stands between the hello and the first answer"


def test_a_right_login_is_not_answered_and_the_next_request_is(stranger: Client) -> None:
    stranger.send(frames.login(uid=3))
    assert logged_in(stranger)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_login_is_answered_with_error_2_and_closed(stranger: Client, what: str) -> None:
    stranger.send(WRONG[what])
    reply = stranger.receive()
    assert (reply.kind, reply.size, reply.uid, reply.properties, reply.code) == (ERROR, 4, 77, 0, 2)
    assert stranger.until_closed() == b""


@pytest.mark.parametrize("what", TOO_LONG)
def test_a_login_that_is_too_long_is_closed(stranger: Client, what: str) -> None:
    stranger.send(TOO_LONG[what])
    assert is_only_errors(stranger.until_closed())


@pytest.mark.parametrize("lengths", [(5, 7), (6, 6), (0, 0), (5, 5), (0xFFFFFFFF, 12), (0x80000000, 0x8000000B)])
def test_a_login_whose_lengths_do_not_add_up_does_not_log_in(stranger: Client, lengths: tuple[int, int]) -> None:
    stranger.send(frames.frame(frames.LOGIN, 1, frames.TWO.pack(*lengths) + b"adminpasswd"))
    stranger.send(frames.exists(NAME, uid=5))
    assert is_only_errors(stranger.until_closed())


@pytest.mark.parametrize("what", KNOCKS)
def test_nothing_else_is_heard_before_the_login(stranger: Client, what: str) -> None:
    stranger.send(KNOCKS[what])
    assert is_only_errors(stranger.until_closed())


@pytest.mark.parametrize("kind", [frames.LOGIN, frames.COMMIT])
def test_strangers_cannot_fill_the_memory(server: RunningServer, client: Client, kind: int) -> None:
    """Twenty of them each send as much as a request may be, all but its last bytes."""
    before = resident_bytes(server)
    with contextlib.ExitStack() as stack:
        for _ in range(20):
            stranger = stack.enter_context(Client(server.port, login=False))
            with contextlib.suppress(ConnectionError):
                stranger.send(HEADER.pack(kind, 12 << 20, 1, 0, 0), bytes((12 << 20) - 10))
        assert not client.exists(NAME)
        assert resident_bytes(server) - before < 48 << 20


def test_a_request_in_front_of_the_login_in_one_packet_is_not_served(stranger: Client) -> None:
    stranger.send(frames.exists(NAME, uid=1) + frames.login())
    assert is_only_errors(stranger.until_closed())


def test_requests_behind_a_wrong_login_in_one_packet_are_not_served(stranger: Client) -> None:
    stranger.send(frames.login(b"admin", b"wrong") + frames.exists(NAME, uid=1))
    assert is_only_errors(stranger.until_closed())


def test_a_login_cut_at_every_byte_logs_in(server: RunningServer, client: Client) -> None:
    whole = frames.login()
    for position in range(1, len(whole)):
        with Client(server.port, login=False) as stranger:
            stranger.receive_exactly(3)
            stranger.send(whole[:position])
            client.exists(NAME)  # by now the server has seen the first piece
            stranger.send(whole[position:])
            assert logged_in(stranger), position


def test_a_login_sent_byte_by_byte_logs_in(stranger: Client, client: Client) -> None:
    for byte in frames.login():
        stranger.send(bytes([byte]))
        client.exists(NAME)
    assert logged_in(stranger)


def test_a_login_and_many_requests_may_come_in_one_packet(stranger: Client) -> None:
    stranger.send(frames.login() + b"".join(frames.exists(NAME, uid) for uid in range(500)))
    assert [reply.uid for reply in stranger.receive_many(500)] == list(range(500))


def test_a_login_does_not_wait_for_the_hello_to_be_read(server: RunningServer) -> None:
    with Client(server.port, login=False) as client:
        client.send(frames.login() + frames.exists(NAME, uid=5))
        assert client.receive_exactly(3) == HELLO
        assert client.receive().uid == 5


def test_who_has_not_logged_in_after_5_seconds_is_closed_and_nobody_else(server: RunningServer) -> None:
    start = time.monotonic()
    with (
        Client(server.port, login=False) as silent,
        Client(server.port, login=False) as hesitant,
        Client(server.port) as quiet,
    ):
        hesitant.send(frames.login()[:-1])
        for stranger in (silent, hesitant):
            assert stranger.receive_exactly(3) == HELLO
            assert is_only_errors(stranger.until_closed())
            assert LOGIN_S_MAX - 1 < time.monotonic() - start < LOGIN_S_MAX + 5
        assert logged_in(quiet), "who has logged in may be silent for longer"


@pytest.mark.parametrize("count", [1, 31, 32])
def test_a_user_and_a_password_of_up_to_32_bytes_log_in(tmp_path: Path, count: int) -> None:
    (tmp_path / "password").write_text("p" * count + "\n")
    options = {"user": "u" * count, "password_file": tmp_path / "password", "workers": 1}
    with RunningServer(tmp_path / "journals", **options) as server:
        with Client(server.port, b"u" * count, b"p" * count) as client:
            assert logged_in(client)
        with Client(server.port) as client:
            assert client.receive().code == 2, "the published adapters' credentials no longer open the door"
            assert client.until_closed() == b""
