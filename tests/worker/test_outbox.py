from __future__ import annotations

from collections.abc import Iterator

from everstore import limits
from everstore.worker.outbox import Outbox

PART = b"p" * 65_556


def parts(count: int, made: list[int]) -> Iterator[bytes]:
    for number in range(count):
        made.append(number)
        yield PART


def taken(outbox: Outbox) -> list[tuple[int, bytes]]:
    return [(int.from_bytes(item[:4], "little"), item[4:]) for item in outbox.take()]


def test_whole_replies_go_out_at_once_and_in_order() -> None:
    outbox = Outbox()
    outbox.put([(1, b"a"), (2, b"b"), (1, b"c")])
    assert taken(outbox) == [(1, b"a"), (2, b"b"), (1, b"c")]
    assert taken(outbox) == []


def test_parts_go_out_only_against_credit_and_others_wait_behind_them() -> None:
    outbox, made = Outbox(), []
    outbox.put([(1, parts(10, made)), (1, b"behind"), (2, b"other")])
    assert [connection for connection, _ in taken(outbox)] == [1, 1, 1, 2]
    assert len(made) == 3, "no part is made before it can be sent"
    outbox.credit(1, len(PART))
    assert [connection for connection, _ in taken(outbox)] == [1]
    for _ in range(7):  # the seventh, for its end to be seen
        outbox.credit(1, len(PART))
        last = taken(outbox)
    assert last == [(1, b"behind")]


def test_a_connection_that_is_gone_is_forgotten() -> None:
    outbox, made = Outbox(), []
    outbox.put([(1, parts(10, made)), (1, b"behind")])
    outbox.take()
    outbox.forget(1)
    outbox.credit(1, limits.CREDIT_BYTES)
    assert taken(outbox) == []
    assert not outbox.busy


def test_a_reply_that_takes_steps_makes_the_outbox_busy_until_it_is_done() -> None:
    outbox = Outbox()
    outbox.put([(1, iter([b"", b"", b"done"])), (1, b"behind")])
    steps = 0
    while outbox.busy:
        assert taken(outbox) == []
        outbox.work()
        steps += 1
    assert steps == 2
    assert taken(outbox) == [(1, b"done"), (1, b"behind")]


def test_of_many_long_reads_no_more_is_made_than_can_be_held_and_all_go_on() -> None:
    outbox, made = Outbox(), []
    outbox.put([(connection, parts(1, made)) for connection in range(1, 21)])
    found = []
    while ready := taken(outbox):
        assert len(ready) <= 3
        found += [connection for connection, _ in ready]
        outbox.work()
    assert sorted(found) == list(range(1, 21))
    assert not outbox.busy
