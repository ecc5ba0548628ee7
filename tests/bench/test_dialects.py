"""What each contender answers is recognised: whole, byte by byte, and when it is an error."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable

import pytest

from everstore.bench.dialects.everstore import Reads, Transactions, Written, one_event
from everstore.bench.dialects.native import Appends
from everstore.bench.dialects.nats import Nats
from everstore.bench.dialects.postgresql import PostgreSql
from everstore.bench.dialects.redis import Redis
from everstore.bench.driver import Conversation, Failed
from everstore.wire import native

REDIS = b"$15\r\n1690000000000-0\r\n$15\r\n1690000000000-1\r\n"
NATS = b'MSG inbox1.0 1 29\r\n{"stream":"events", "seq":7}\r\nMSG inbox1.1 1 29\r\n{"stream":"events", "seq":8}\r\n'
POSTGRESQL = b"1\0\0\0\x04" + b"2\0\0\0\x04" + b"C\0\0\0\x0fINSERT 0 1\0" + b"Z\0\0\0\x05I"
OPEN, COMMIT, READ, ERROR, APPEND = 4, 5, 7, 1, 35


def answer(kind: int, operation: int, body: bytes, properties: int = 0) -> bytes:
    return struct.pack("<5I", kind, len(body), operation, properties, 2) + body


def numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}I", *values)


def outcome(code: int, position: int, text: bytes = b"") -> bytes:
    return struct.pack("<IQQI", code, position, 0, len(text)) + text


def appending(written: Callable[[int], Written], cycle: int, conditional: bool = False) -> Conversation:
    """What is said over the lane of the only worker."""
    appends = Appends(0, written, cycle, conditional)
    appends.numbers[1] = array("I", range(cycle))
    appends.lanes.append(1)
    return appends.conversation()


READ_IN_PARTS = (
    answer(READ, 0, numbers(3) + b"abc", properties=1)
    + answer(READ, 1, numbers(1) + b"x")
    + answer(READ, 0, numbers(2) + b"de")
)
ANSWERS: dict[str, tuple[Callable[[], Conversation], int, bytes, list[int]]] = {
    "Redis": (lambda: Redis(0, 10).conversation(), 2, REDIS, [0, 1]),
    "NATS": (lambda: Nats(0, 10).conversation(), 2, NATS, [0, 1]),
    "PostgreSQL": (lambda: PostgreSql(0, "", 10).conversation(), 1, POSTGRESQL, [0]),
    "Everstore's commits": (
        lambda: Transactions(0, one_event(10)).conversation(),
        2,
        answer(COMMIT, 1, numbers(1, 99)) + answer(COMMIT, 0, numbers(1, 99)),
        [1, 0],
    ),
    "Everstore's appends": (
        lambda: appending(one_event(10), 10),
        2,
        answer(APPEND, 1, numbers(2) + outcome(0, 99) + outcome(0, 99)),
        [0, 1],
    ),
    "Everstore's reads": (lambda: Reads(0, [b"/a", b"/b"]).conversation(), 2, READ_IN_PARTS, [1, 0]),
}


def conversation(name: str) -> tuple[Conversation, bytes, list[int]]:
    """One that has begun what is answered."""
    make, begun, data, done = ANSWERS[name]
    made = make()
    made.begin(range(begun))
    return made, data, done


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_come_whole_are_recognised(name: str) -> None:
    begun, data, done = conversation(name)
    assert begun.receive(data) == (done, b"")


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_come_byte_by_byte_are_recognised(name: str) -> None:
    begun, data, done = conversation(name)
    heard = [begun.receive(bytes((byte,))) for byte in data]
    assert [operation for operations, _ in heard for operation in operations] == done
    assert heard[-1][0], "the last is done with its last byte"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Redis", b"-OOM command not allowed\r\n"),
        ("Redis", b"$15\r\n1690000000000-0\r\n-OOM command not allowed\r\n"),
        ("NATS", b'MSG inbox1.0 1 40\r\n{"error":{"code":503},"stream":"events"}\r\n'),
        ("NATS", b"-ERR 'Authorization Violation'\r\n"),
        ("PostgreSQL", b"E\0\0\0\x10SERROR\0C23505"),
        ("Everstore's commits", answer(ERROR, 0, numbers(15)) + b"\0" * 4),
        ("Everstore's appends", answer(ERROR, 1, numbers(1))),
        ("Everstore's appends", answer(APPEND, 1, numbers(2) + outcome(0, 99) + outcome(15, 0))),
        ("Everstore's reads", answer(ERROR, 0, numbers(5))),
    ],
)
def test_an_error_ends_the_run(name: str, data: bytes) -> None:
    begun, _, _ = conversation(name)
    with pytest.raises(Failed):
        begun.receive(data)


def test_a_transaction_that_was_opened_is_committed() -> None:
    begun, _, _ = conversation("Everstore's commits")
    done, words = begun.receive(answer(OPEN, 1, numbers(0, 77)))
    assert done == []
    name, kind, events = one_event(10)(1)
    lengths = numbers(len(name), len(kind), len(events), 77)
    assert words == answer(COMMIT, 1, lengths + name + kind + events)


def test_a_conflict_opens_the_transaction_again_and_is_counted() -> None:
    transactions = Transactions(0, lambda _: Written(b"/a", b"T", b"T {}"))
    begun = transactions.conversation()
    opening = begun.begin([0])
    assert begun.receive(answer(COMMIT, 0, numbers(0, 99))) == ([], opening)
    assert (transactions.done, transactions.conflicts) == (0, 1)


def test_an_append_that_conflicts_comes_again_behind_what_it_was_told() -> None:
    begun = appending(lambda _: Written(b"/a", b"T", b"T {}"), 1, conditional=True)
    begun.begin([0, 1])
    conflict = outcome(7, 70_000, b"2026-11-21T00:00:00.000 T {}")
    done, words = begun.receive(answer(APPEND, 1, numbers(2) + outcome(0, 60_000) + conflict))
    assert done == [0]
    wanted = native.appends(words[20:])
    assert [(each.sequence, each.position, each.events) for each in wanted.appends] == [(3, 70_000, b"T {}")]
    assert wanted.answered == 3


@pytest.mark.parametrize("at", [0, NATS.index(b"MSG inbox1.1"), len(NATS)])
def test_nats_is_told_that_the_client_lives(at: int) -> None:
    begun, _, done = conversation("NATS")
    heard = [begun.receive(bytes((byte,))) for byte in NATS[:at] + b"PING\r\n" + NATS[at:]]
    assert [operation for operations, _ in heard for operation in operations] == done
    assert [words for _, words in heard if words] == [b"PONG\r\n"]


def test_each_event_of_a_journal_takes_its_next_position() -> None:
    sent = PostgreSql(0, "", 1).conversation()
    positions = [sent.begin([operation]).partition(struct.pack("!I", 8))[2][:8] for operation in range(2)]
    assert positions[1] == struct.pack("!q", 1)
