"""Appends that travel together: which, how many, in what order, and what becomes of each."""

from __future__ import annotations

import struct

import pytest

from everstore_client.conversation import Conversation
from everstore_client.errors import ConnectionLost, NotAllowed, ProtocolError, UnknownError
from everstore_client.limits import APPENDS_BYTES_MAX, APPENDS_MAX
from everstore_client.outbox import Post
from everstore_client.pending import Pending
from everstore_client.senders import Sender, Senders
from everstore_client.wire.layouts import APPEND, ERROR, LITTLE, NATIVE
from everstore_client.wire.native_replies import Outcome
from everstore_client.wire.native_requests import APPEND_BYTES, Append, Condition

RUN = 7


def frame(kind: int, uid: int, body: bytes) -> bytes:
    return LITTLE.header.pack(kind, len(body), uid, 0, 1) + body


def opened() -> Conversation:
    conversation = Conversation("admin", "passwd", Senders())
    conversation.receive(b"\0\1\0")
    ((_, question, _),) = requests(conversation)
    conversation.receive(frame(NATIVE, question, struct.pack("<3IQ", 1, 2, 2**24, RUN)))
    assert conversation.native is not None
    assert conversation.native.hello.run == RUN
    return conversation


def requests(conversation: Conversation) -> list[tuple[int, int, list[int]]]:
    """What leaves now: (kind, UID, sequences of appends)."""
    said, found = conversation.outgoing(), []
    while said:
        kind, size, uid, _, _ = LITTLE.header.unpack_from(said)
        body, said = said[20 : 20 + size], said[20 + size :]
        found.append((kind, uid, sequences(body) if kind == APPEND else []))
    return found


def sequences(body: bytes) -> list[int]:
    (count,) = struct.unpack_from("<I", body, 32)
    at, found = 36, []
    for _ in range(count):
        sequence, _, _, *lengths = struct.unpack_from("<QQBHHHI", body, at)
        at += 27 + sum(lengths)
        found.append(sequence)
    assert at == len(body)
    return found


def post(sender: Sender, worker: int = 1, events: bytes = b"a 1", run: int = RUN) -> Post:
    append = Append(sender.begin(), 0, Condition.NONE, b"/u", b"a", b"", events)
    return Post(sender, run, worker, append, APPEND_BYTES + 3 + len(events))


def ask(conversation: Conversation, sender: Sender, count: int, worker: int = 1) -> list[Pending]:
    return [conversation.ask(post(sender, worker)) for _ in range(count)]


def outcomes(*codes: int) -> bytes:
    return LITTLE.pack(len(codes)) + b"".join(struct.pack("<IQQI", code, 28, 0, 0) for code in codes)


def test_one_leaves_at_once_and_those_that_come_meanwhile_share_the_next_request() -> None:
    conversation, sender = opened(), Sender()
    first = ask(conversation, sender, 1)
    ((_, uid, numbers),) = requests(conversation)
    assert numbers == [1]
    others = ask(conversation, sender, 3)
    assert not conversation.has_outgoing
    assert requests(conversation) == []
    assert conversation.waiting == 4
    conversation.receive(frame(APPEND, uid, outcomes(0)))
    assert first[0].result() == Outcome(0, 28, 0, b"")
    assert conversation.has_outgoing
    ((_, uid, numbers),) = requests(conversation)
    assert numbers == [2, 3, 4]
    conversation.receive(frame(APPEND, uid, outcomes(0, 15, 7)))
    assert [each.result().code for each in others] == [0, 15, 7]
    assert conversation.waiting == 0


def test_workers_senders_and_runs_have_requests_of_their_own() -> None:
    conversation, sender, other = opened(), Sender(), Sender()
    for each in (post(sender), post(sender, worker=2), post(other, worker=3), post(sender, worker=4, run=8)):
        conversation.ask(each)
    assert [numbers for _, _, numbers in requests(conversation)] == [[1], [2], [1], [3]]


def test_a_full_request_waits_for_nothing() -> None:
    conversation, sender = opened(), Sender()
    ask(conversation, sender, 1)
    requests(conversation)
    ask(conversation, sender, 2 * APPENDS_MAX + 5)
    assert [len(numbers) for _, _, numbers in requests(conversation)] == [APPENDS_MAX, APPENDS_MAX]
    assert conversation.waiting == 3 + 5


def test_nor_do_large_appends() -> None:
    conversation, sender = opened(), Sender()
    for size in (10, APPENDS_BYTES_MAX, 10, APPENDS_BYTES_MAX // 2, APPENDS_BYTES_MAX // 2, 10):
        conversation.ask(post(sender, events=b"a" * size))
    assert conversation.outgoing_bytes > 2 * APPENDS_BYTES_MAX
    assert [numbers for _, _, numbers in requests(conversation)] == [[1], [2], [3, 4]]
    assert conversation.waiting == 3 + 2


def test_one_that_nobody_waits_for_does_not_leave() -> None:
    conversation, sender = opened(), Sender()
    first = ask(conversation, sender, 1)[0]
    ((_, uid, _),) = requests(conversation)
    second, third = ask(conversation, sender, 2)
    conversation.forget(second)
    conversation.forget(first)
    conversation.receive(frame(APPEND, uid, outcomes(0)))
    ((_, _, numbers),) = requests(conversation)
    assert numbers == [3]
    assert not second.done
    assert not third.done


def test_a_request_that_is_refused_whole_is_taken_apart() -> None:
    conversation, sender = opened(), Sender()
    pending = ask(conversation, sender, 3)
    ((_, uid, _),) = requests(conversation)
    conversation.receive(frame(ERROR, uid, LITTLE.pack(16)))
    alone = requests(conversation)
    assert [numbers for _, _, numbers in alone] == [[1], [2], [3]]
    for (_, uid, _), body in zip(alone, (outcomes(0), b"", outcomes(0)), strict=True):
        conversation.receive(frame(APPEND, uid, body) if body else frame(ERROR, uid, LITTLE.pack(16)))
    assert pending[0].result().code == pending[2].result().code == 0
    with pytest.raises(NotAllowed):
        pending[1].result()
    ask(conversation, sender, 1)
    assert len(requests(conversation)) == 1, "and nothing counts as under way any more"


def test_error_1_leaves_all_of_them_unknown() -> None:
    conversation, sender = opened(), Sender()
    pending = ask(conversation, sender, 2)
    ((_, uid, _),) = requests(conversation)
    conversation.receive(frame(ERROR, uid, LITTLE.pack(1)))
    assert requests(conversation) == []
    assert [type(each.error) for each in pending] == [UnknownError] * 2
    assert pending[0].error is not pending[1].error


def test_when_the_connection_is_lost_those_that_never_left_were_certainly_not_sent() -> None:
    conversation, sender = opened(), Sender()
    sent = ask(conversation, sender, 2)
    requests(conversation)
    unsent = ask(conversation, sender, 2)
    conversation.lose(ConnectionLost("gone"))
    errors = [each.error for each in (*sent, *unsent)]
    assert [isinstance(error, ConnectionLost) and error.sent for error in errors] == [True, True, False, False]
    assert conversation.waiting == 0


def test_too_few_outcomes_are_rubbish() -> None:
    conversation, sender = opened(), Sender()
    pending = ask(conversation, sender, 2)
    ((_, uid, _),) = requests(conversation)
    conversation.receive(frame(APPEND, uid, outcomes(0)))
    assert conversation.is_lost
    assert all(isinstance(each.error, ProtocolError) for each in pending)
