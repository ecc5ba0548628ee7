"""A request is the same however its bytes arrive: whole, cut anywhere, byte by byte, or with the next one behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support import frames
from support.frames import ERROR, Reply
from support.wire import Client

LINE = b"t {}"
Make = Callable[[Client, bytes], bytes]


def make_open(_client: Client, name: bytes) -> bytes:
    return frames.open_transaction(name, 1)


def make_commit(client: Client, name: bytes) -> bytes:
    on = client.open(name)
    return frames.commit(name, on.worker, on.transaction, b"t", LINE, 2)


def make_rollback(client: Client, name: bytes) -> bytes:
    on = client.open(name)
    return frames.rollback(name, on.worker, on.transaction, 3)


def make_read(client: Client, name: bytes) -> bytes:
    return frames.read(name, client.open(name).worker, 0, 0xFFFFFFFF, uid=4)


def make_exists(_client: Client, name: bytes) -> bytes:
    return frames.exists(name, 5)


def make_status(_client: Client, _name: bytes) -> bytes:
    return frames.status(0, 6)


def make_list(_client: Client, name: bytes) -> bytes:
    return frames.list_journals(name, b"/", 10, 7)


def make_unknown(_client: Client, _name: bytes) -> bytes:
    return frames.frame(99, 8, b"what is this")


def make_refused(_client: Client, _name: bytes) -> bytes:
    return frames.open_transaction(b"/a/../b", 9)


MAKERS = [
    make_open,
    make_commit,
    make_rollback,
    make_read,
    make_exists,
    make_status,
    make_list,
    make_unknown,
    make_refused,
]


def is_due(reply: Reply, request: bytes) -> bool:
    """Is this the request's answer? What it says is tested elsewhere; here, that the frame was cut where it ends."""
    kind, _, uid, _, _ = frames.HEADER.unpack_from(request)
    refused = kind == 99 or b".." in request
    return (reply.kind, reply.uid) == (ERROR if refused else kind, uid)


@pytest.mark.parametrize("make", MAKERS)
def test_a_request_cut_at_every_byte_is_answered_once(client: Client, other: Client, name: bytes, make: Make) -> None:
    length = len(make(client, name))
    for position in range(1, length):
        request = make(client, name)
        client.send(request[:position])
        other.exists(name)  # by now the server has seen the first piece
        client.send(request[position:])
        assert is_due(client.receive(), request), position
    assert not client.exists(name + b"/none"), "no answer too many"


@pytest.mark.parametrize("make", MAKERS)
def test_a_request_sent_byte_by_byte_is_answered(client: Client, other: Client, name: bytes, make: Make) -> None:
    request = make(client, name)
    for byte in request:
        client.send(bytes([byte]))
        other.exists(name)
    assert is_due(client.receive(), request)


@pytest.mark.parametrize("make", MAKERS)
def test_bytes_of_the_next_request_behind_one_do_not_hold_it_up(client: Client, name: bytes, make: Make) -> None:
    behind = frames.exists(name + b"/none", 1234)
    for position in range(1, len(behind)):
        request = make(client, name)
        client.send(request + behind[:position])
        assert is_due(client.receive(), request), position
        client.send(behind[position:])
        assert is_due(client.receive(), behind), position


def test_all_kinds_of_requests_in_one_packet_are_each_answered(client: Client, name: bytes) -> None:
    requests = [make(client, name) for make in MAKERS for _ in range(20) if make is not make_commit]
    client.send(*requests)
    waiting = {}
    for request in requests:
        kind, _, uid, _, _ = frames.HEADER.unpack_from(request)
        waiting[uid] = (request, waiting.get(uid, (request, 0))[1] + 1)
        assert kind != 0
    for reply in client.receive_many(len(requests)):
        request, left = waiting[reply.uid]
        assert is_due(reply, request)
        waiting[reply.uid] = (request, left - 1)
    assert {left for _, left in waiting.values()} == {0}


def test_all_kinds_of_requests_in_one_stream_are_cut_right_in_pieces_of_any_length(client: Client, name: bytes) -> None:
    for length in (1, 2, 3, 7, 19, 20, 21, 23, 64):
        requests = [make(client, name) for make in MAKERS]
        data = b"".join(requests)
        client.send_cut(data, range(length, len(data), length))
        replies = {reply.uid: reply for reply in client.receive_many(len(requests))}
        for uid, request in enumerate(requests, start=1):
            assert is_due(replies[uid], request), (length, uid)


def test_answers_for_one_journal_keep_their_order(client: Client, name: bytes) -> None:
    on = client.open(name)
    requests: list[bytes] = []
    for uid in range(0, 2000, 4):
        requests += [
            frames.exists(name, uid),
            frames.open_transaction(name, uid + 1),
            frames.read(name, on.worker, 0, 0, uid=uid + 2),
            frames.rollback(name, on.worker, 0xFFFFFFFF, uid=uid + 3),
        ]
    client.send(*requests)
    assert [reply.uid for reply in client.receive_many(2000)] == list(range(2000))


def test_refusals_for_one_journal_keep_their_order_among_its_answers(client: Client, name: bytes) -> None:
    on = client.open(name)
    requests = []
    for uid in range(0, 900, 3):
        requests += [
            frames.exists(name, uid),
            frames.commit(name, on.worker, 0xFFFFFFFF, b"", LINE, uid + 1),  # no such transaction
            frames.read(name, on.worker, 1, 1, uid=uid + 2),  # offset past the size
        ]
    client.send(*requests)
    replies = client.receive_many(900)
    assert [reply.uid for reply in replies] == list(range(900))
    assert [reply.code for reply in replies[1::3]] == [6] * 300
    assert [reply.code for reply in replies[2::3]] == [5] * 300
