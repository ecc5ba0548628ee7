from __future__ import annotations

import random
import struct

import pytest

from everstore_client import conversation as module
from everstore_client.conversation import TRANSITIONS, Conversation, State
from everstore_client.errors import (
    AuthenticationFailed,
    ConnectionLost,
    EverstoreError,
    NoSuchTransaction,
    ProtocolError,
)
from everstore_client.wire import native_requests, requests
from everstore_client.wire.layouts import BIG, LITTLE
from everstore_client.wire.native_replies import Fetched

HELLO = b"\0\1\1"
HELLO_WITHOUT_LOGIN = b"\0\1\0"


def frame(kind: int, uid: int, body: bytes = b"", properties: int = 0, worker: int = 1) -> bytes:
    return LITTLE.header.pack(kind, len(body), uid, properties, worker) + body


def part(uid: int, text: bytes, more: bool = True) -> bytes:
    return frame(7, uid, LITTLE.pack(len(text)) + text, int(more))


def uids(said: bytes) -> list[int]:
    """The UIDs of the requests in what was said."""
    found = []
    while said:
        _, size, uid, _, _ = LITTLE.header.unpack(said[:20])
        found.append(uid)
        said = said[20 + size :]
    return found


def opened() -> Conversation:
    """A conversation past its login."""
    conversation = Conversation("admin", "passwd")
    conversation.receive(HELLO)
    _, question = uids(conversation.outgoing())
    conversation.receive(frame(1, question, LITTLE.pack(1)))
    assert conversation.state is State.OPEN
    assert conversation.native is None
    return conversation


def read() -> requests.Request[bytes]:
    return requests.read(b"/u", 1, 0, 100, False)


def test_nothing_is_said_before_the_hello() -> None:
    conversation = Conversation("admin", "passwd")
    assert conversation.outgoing() == b""
    conversation.receive(HELLO[:2])
    assert conversation.outgoing() == b""
    assert conversation.is_opening


def test_the_hello_is_answered_by_the_login_and_a_first_question() -> None:
    conversation = Conversation("admin", "passwd")
    conversation.receive(HELLO)
    said = conversation.outgoing()
    assert said.startswith(requests.encode(requests.authenticate(b"admin", b"passwd"), 1, LITTLE))
    assert uids(said) == [1, 2]
    assert conversation.state is State.OPENING


def test_a_server_without_login_is_only_asked_the_question() -> None:
    conversation = Conversation("admin", "passwd")
    conversation.receive(HELLO_WITHOUT_LOGIN)
    assert uids(conversation.outgoing()) == [1]


def test_a_big_endian_server_is_not_asked_for_native_requests() -> None:
    conversation = Conversation("admin", "passwd")
    conversation.receive(b"\1\1\0")
    assert conversation.outgoing() == requests.encode(requests.exists(b"/everstore"), 1, BIG)
    conversation.receive(BIG.header.pack(8, 1, 1, 0, 1) + b"\0")
    assert (conversation.state, conversation.native) == (State.OPEN, None)


@pytest.mark.parametrize(("revision", "is_native"), [(0, False), (1, True), (2, True)])
def test_a_server_is_native_that_says_so(revision: int, is_native: bool) -> None:
    conversation = Conversation("admin", "passwd")
    conversation.receive(HELLO_WITHOUT_LOGIN)
    conversation.receive(frame(34, 1, struct.pack("<3IQ", revision, 2, 4096, 7)))
    assert conversation.state is State.OPEN
    assert (conversation.native is not None) == is_native


def test_parts_of_a_fetch_are_joined_and_tell_the_end() -> None:
    conversation = opened()
    pending = conversation.ask(native_requests.fetch(b"/u", 0, 96, False))
    for text, more in ((b"a ", 1), (b"1", 0)):
        conversation.receive(frame(36, pending.uid, struct.pack("<QQI", 0, 96, len(text)) + text, more))
    assert pending.result() == Fetched(0, 96, b"a 1")


def test_a_refused_login_ends_it() -> None:
    conversation = Conversation("admin", "wrong")
    conversation.receive(HELLO)
    login, _ = uids(conversation.outgoing())
    conversation.receive(frame(1, login, LITTLE.pack(2)))
    assert conversation.state is State.LOST
    assert isinstance(conversation.error, AuthenticationFailed)


def test_an_error_to_the_first_question_proves_the_login_all_the_same() -> None:
    conversation = Conversation("admin", "passwd")
    conversation.receive(HELLO)
    _, question = uids(conversation.outgoing())
    conversation.receive(frame(1, question, LITTLE.pack(1)))
    assert conversation.state is State.OPEN


def test_answers_reach_their_requests_in_whatever_order() -> None:
    conversation = opened()
    first = conversation.ask(requests.exists(b"/a"))
    second = conversation.ask(requests.exists(b"/b"))
    conversation.receive(frame(8, second.uid, b"\1"))
    assert (first.done, second.done) == (False, True)
    conversation.receive(frame(8, first.uid, b"\0"))
    assert (first.result(), second.result()) == (False, True)
    assert conversation.waiting == 0


def test_parts_of_two_reads_may_interleave() -> None:
    conversation = opened()
    first, second = conversation.ask(read()), conversation.ask(read())
    conversation.receive(part(first.uid, b"a ") + part(second.uid, b"b ") + part(first.uid, b"1", more=False))
    assert first.result() == b"a 1"
    assert not second.done
    conversation.receive(part(second.uid, b"2", more=False))
    assert second.result() == b"b 2"


def test_parts_can_be_taken_as_they_come() -> None:
    heard: list[bool] = []
    conversation = opened()
    pending = conversation.ask(read(), lambda: heard.append(pending.done))
    conversation.receive(part(pending.uid, b"a "))
    assert pending.take_parts() == [b"a "]
    conversation.receive(part(pending.uid, b"1", more=False))
    assert pending.take_parts() == [b"1"]
    assert heard == [False, True]


def test_an_error_between_two_parts_fails_the_read() -> None:
    conversation = opened()
    pending = conversation.ask(read())
    conversation.receive(part(pending.uid, b"a ") + frame(1, pending.uid, LITTLE.pack(6)))
    with pytest.raises(NoSuchTransaction) as failure:
        pending.result()
    assert failure.value.code == 6
    assert conversation.state is State.OPEN


def test_a_late_answer_to_a_forgotten_request_is_dropped() -> None:
    conversation = opened()
    forgotten, other = conversation.ask(read()), conversation.ask(requests.exists(b"/a"))
    conversation.forget(forgotten)
    conversation.receive(part(forgotten.uid, b"a ") + part(forgotten.uid, b"1", more=False))
    conversation.receive(frame(8, other.uid, b"\1"))
    assert other.result() is True
    assert not forgotten.done


def test_what_is_only_told_is_answered_to_nobody() -> None:
    conversation = opened()
    conversation.tell(requests.rollback(b"/u", 1, 7))
    (uid,) = uids(conversation.outgoing())
    conversation.receive(frame(6, uid, b"\1"))
    assert conversation.waiting == 0


def test_uids_wrap_around_and_spare_those_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "UINT32_MAX", 3)
    conversation = opened()
    kept = [conversation.ask(requests.exists(b"/a")) for _ in range(2)]
    forgotten = conversation.ask(requests.exists(b"/b"))
    conversation.forget(forgotten)
    conversation.receive(frame(8, kept[0].uid, b"\1"))
    again = conversation.ask(requests.exists(b"/c"))
    assert again.uid == kept[0].uid
    assert len({kept[1].uid, forgotten.uid, again.uid}) == 3


@pytest.mark.parametrize(
    "answer",
    [
        frame(8, 999, b"\1"),
        frame(1, 999, LITTLE.pack(1)),
        frame(6, 3, b"\1"),
        frame(8, 3, b"\1", 1),
        frame(8, 3, b"\1\1"),
        frame(77, 3, b""),
    ],
    ids=["unasked", "error about nothing", "other type", "parts", "other length", "unknown type"],
)
def test_rubbish_ends_it_and_fails_what_is_pending(answer: bytes) -> None:
    conversation = opened()
    pending = conversation.ask(requests.exists(b"/a"))
    assert pending.uid == 3
    with pytest.raises(ProtocolError):
        conversation.receive(answer)
    assert conversation.is_lost
    with pytest.raises(ProtocolError):
        pending.result()


def test_only_a_protocol_error_leaves_it_whatever_comes() -> None:
    seeded = random.Random(1969)
    for _ in range(500):
        conversation = opened()
        conversation.ask(read())
        try:
            conversation.receive(frame(seeded.choice((1, 7, 8)), 3, seeded.randbytes(seeded.randrange(12))))
        except ProtocolError:
            assert conversation.is_lost


def test_a_lost_connection_fails_each_request_with_an_error_of_its_own() -> None:
    conversation = opened()
    pending = [conversation.ask(requests.exists(b"/a")) for _ in range(2)]
    conversation.lose(ConnectionLost("gone"))
    errors = [each.error for each in pending]
    assert errors[0] is not errors[1]
    assert all(isinstance(error, ConnectionLost) and error.sent for error in errors)


def test_what_is_asked_of_a_lost_connection_was_certainly_not_sent() -> None:
    conversation = opened()
    conversation.lose(ConnectionLost("gone"))
    with pytest.raises(ConnectionLost) as failure:
        conversation.ask(requests.exists(b"/a"))
    assert not failure.value.sent
    conversation.tell(requests.exists(b"/a"))
    assert conversation.outgoing() == b""


def test_every_state_can_be_lost_and_losing_twice_changes_nothing() -> None:
    assert {state for state, event in TRANSITIONS if event == "lost"} == set(State)
    conversation = opened()
    first: EverstoreError = ConnectionLost("first")
    conversation.lose(first)
    conversation.lose(ConnectionLost("second"))
    assert conversation.error is first
