"""Frames that break the protocol: answered where their end is known, closed where it is not; nobody else notices."""

from __future__ import annotations

import os
import signal
import struct
from pathlib import Path

import pytest
from support import frames
from support.frames import ERROR, HEADER
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

LINE = b"t {}"
NAME = b"/bad"
KNOWN = (0, 1, 2, 3, 4, 5, 6, 7, 8, 32, 33)


def is_served(client: Client) -> bool:
    return client.ask(frames.exists(NAME, uid=4242))[:3] == (frames.EXISTS, 1, 4242)


def body_of(*numbers: int, text: bytes = b"") -> bytes:
    return struct.pack(f"<{len(numbers)}I", *numbers) + text


BAD_LENGTHS = {
    "open: no body": (frames.OPEN, b""),
    "open: half a length": (frames.OPEN, b"\4\0"),
    "open: name shorter than said": (frames.OPEN, body_of(5, text=NAME)),
    "open: name longer than said": (frames.OPEN, body_of(3, text=NAME)),
    "open: length of 4 GiB": (frames.OPEN, body_of(0xFFFFFFFF, text=NAME)),
    "open: length that wraps round": (frames.OPEN, body_of(0xFFFFFFFC)),
    "commit: no body": (frames.COMMIT, b""),
    "commit: three lengths of four": (frames.COMMIT, body_of(0, 0, 0)),
    "commit: events longer than said": (frames.COMMIT, body_of(4, 1, 3, 1, text=NAME + b"t" + LINE)),
    "commit: events shorter than said": (frames.COMMIT, body_of(4, 1, 5, 1, text=NAME + b"t" + LINE)),
    "commit: lengths that wrap round": (frames.COMMIT, body_of(0xFFFFFFFF, 6, 4, 1, text=NAME + b"t" + LINE)),
    "commit: lengths that wrap round twice": (
        frames.COMMIT,
        body_of(0x80000000, 0x80000005, 4, 1, text=NAME + b"t" + LINE),
    ),
    "rollback: no body": (frames.ROLLBACK, b""),
    "rollback: name shorter than said": (frames.ROLLBACK, body_of(9, 1, text=NAME)),
    "rollback: name longer than said": (frames.ROLLBACK, body_of(2, 1, text=NAME)),
    "read: no body": (frames.READ, b""),
    "read: two numbers of three": (frames.READ, body_of(0, 0)),
    "read: name shorter than said": (frames.READ, body_of(5, 0, 0, text=NAME)),
    "read: name longer than said": (frames.READ, body_of(3, 0, 0, text=NAME)),
    "exists: no body": (frames.EXISTS, b""),
    "exists: name longer than said": (frames.EXISTS, body_of(3, text=NAME)),
    "exists: name shorter than said": (frames.EXISTS, body_of(40, text=NAME)),
    "status: a body": (frames.STATUS, b"x"),
    "list: no body": (frames.LIST, b""),
    "list: prefix shorter than said": (frames.LIST, body_of(5, 0, 1, text=NAME)),
    "list: more behind": (frames.LIST, body_of(4, 0, 1, text=NAME + b"x")),
    "list: lengths that wrap round": (frames.LIST, body_of(0xFFFFFFFF, 5, 1, text=NAME)),
}


@pytest.mark.parametrize("what", BAD_LENGTHS)
def test_lengths_that_do_not_add_up_are_error_1_and_the_connection_goes_on(client: Client, what: str) -> None:
    kind, body = BAD_LENGTHS[what]
    reply = client.ask(frames.frame(kind, 31, body, worker=0 if kind in (4, 8, 32, 33) else 1))
    assert (reply.kind, reply.uid, reply.code) == (ERROR, 31, 1)
    assert is_served(client)


@pytest.mark.parametrize("kind", [0, 1, 2, 9, 31, 34, 255, 256, 0x10000, 0x04000000, 0x7FFFFFFF, 0xFFFFFFFF])
@pytest.mark.parametrize("body", [b"", b"x", frames.exists(NAME) * 100], ids=["empty", "one byte", "frames"])
def test_an_unknown_type_is_error_1_and_the_connection_goes_on(client: Client, kind: int, body: bytes) -> None:
    reply = client.ask(frames.frame(kind, 32, body))
    assert (reply.kind, reply.uid, reply.code) == (ERROR, 32, 1)
    assert is_served(client)


def test_a_type_in_the_other_byte_order_is_unknown_and_too_long_so_closed(client: Client) -> None:
    client.send(struct.pack(">5I", 8, 8, 1, 0, 0) + struct.pack(">I", 4) + NAME)
    reply = client.receive()
    assert (reply.kind, reply.code) == (ERROR, 1)
    assert client.until_closed() == b""


@pytest.mark.parametrize("kind", [0, 9, 99, 0xFFFFFFFF])
def test_an_unknown_type_over_the_limit_is_error_1_and_closed(client: Client, other: Client, kind: int) -> None:
    client.send(HEADER.pack(kind, 0xFFFFFFFF, 33, 0, 0))
    reply = client.receive()
    assert (reply.kind, reply.uid, reply.code) == (ERROR, 33, 1)
    assert client.until_closed() == b""
    assert is_served(other)


RUBBISH = {
    "an HTTP request": b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: curl/8.0\r\nAccept: */*\r\n\r\n",
    "a TLS greeting": bytes.fromhex("16030100f8010000f40303") + bytes(range(256))[:240],
    "letters": b"hello, is anybody there? " * 100,
    "ones": b"\xff" * 4096,
}


@pytest.mark.parametrize("what", RUBBISH)
def test_rubbish_instead_of_a_login_is_closed_with_a_log_line(server: RunningServer, client: Client, what: str) -> None:
    with Client(server.port, login=False) as rude:
        address = f"{rude.socket.getsockname()[1]}"
        rude.receive_exactly(3)
        rude.send(RUBBISH[what])
        rude.until_closed()
    until(lambda: address in server.log(), "a log line that names the connection", 5)
    assert is_served(client)


@pytest.mark.parametrize("what", [what for what in RUBBISH if what != "a TLS greeting"])
def test_rubbish_behind_a_login_is_closed_with_a_log_line(server: RunningServer, client: Client, what: str) -> None:
    with Client(server.port) as rude:
        address = f"{rude.socket.getsockname()[1]}"
        assert is_served(rude)
        rude.send(RUBBISH[what])
        rude.until_closed()
    until(lambda: address in server.log(), "a log line that names the connection", 5)
    assert is_served(client)


def test_rubbish_behind_requests_is_error_1_and_closed_between_whole_answers(client: Client) -> None:
    client.send(*[frames.exists(NAME, uid) for uid in range(100)], b"\xff" * 100)
    data = client.until_closed()
    answers = []
    while data:
        kind, size, uid, _, _ = HEADER.unpack_from(data)
        assert (kind, size) in ((frames.EXISTS, 1), (ERROR, 4))
        answers.append((kind, uid))
        data = data[HEADER.size + size :]
    assert (ERROR, 0xFFFFFFFF) in answers
    answered = [uid for kind, uid in answers if kind == frames.EXISTS]
    assert answered == list(range(len(answered)))


def test_the_refusal_of_rubbish_waits_for_the_answers_that_are_due(tmp_path: Path) -> None:
    with RunningServer(tmp_path, workers=1) as server, Client(server.port) as client, Client(server.port) as other:
        assert not client.exists(NAME)
        (worker,) = server.worker_pids()
        os.kill(worker, signal.SIGSTOP)
        try:
            client.send(*[frames.exists(NAME, uid) for uid in range(3)], b"\xff" * 100)
            until(lambda: other.ask(frames.status()).kind == frames.STATUS, "the supervisor has had its turn")
        finally:
            os.kill(worker, signal.SIGCONT)
        assert [client.receive().uid for _ in range(4)] == [0, 1, 2, 0xFFFFFFFF]


@pytest.mark.parametrize("position", [1, 10, 19, 20, 22, 26])
def test_a_connection_that_ends_within_a_frame_costs_nobody_anything(
    server: RunningServer, client: Client, position: int
) -> None:
    with Client(server.port) as leaving:
        assert is_served(leaving)
        leaving.send(frames.exists(NAME)[:position])
    assert is_served(client)


def test_all_types_with_random_bodies_are_answered_once_each_in_a_connection_that_lives(client: Client) -> None:
    """Bodies from a fixed sequence: whatever they hold, the answer is one frame, and the stream stays whole."""
    bodies = [bytes((seed * 7 + at * at * (seed + 3)) % 256 for at in range(seed % 61)) for seed in range(400)]
    for seed, body in enumerate(bodies):
        kind = KNOWN[seed % len(KNOWN)]
        if kind == frames.LOGIN:
            continue
        reply = client.ask(frames.frame(kind, seed, body, worker=seed % 2))
        assert reply.uid == seed
        assert reply.kind in (kind, ERROR)
    assert is_served(client)


def test_a_half_closed_connection_is_still_answered(client: Client) -> None:
    client.send(*[frames.exists(NAME, uid) for uid in range(200)])
    client.socket.shutdown(1)
    assert [reply.uid for reply in client.receive_many(200)] == list(range(200))
    assert client.until_closed() == b""
