from __future__ import annotations

import random

from everstore import limits
from everstore.worker.channel import Item
from everstore.worker.turns import Turns


def items(connection: int, count: int, first: int = 0) -> list[Item]:
    return [(connection, (8, 1, uid, 0, 0, b"x")) for uid in range(first, first + count)]


def test_a_batch_takes_all_that_has_arrived_when_that_is_little() -> None:
    arrived = items(1, limits.BATCH_REQUESTS_MAX - 1) + items(2, 1)
    assert Turns().take(arrived) is arrived


def test_a_request_does_not_wait_behind_the_thousands_of_another_connection() -> None:
    turns = Turns()
    first = turns.take(items(1, 10_000))
    assert len(first) == limits.BATCH_REQUESTS_MAX
    second = turns.take(items(2, 3))
    assert [item for item in second if item[0] == 2] == items(2, 3)


def test_nothing_is_lost_and_each_connection_keeps_its_order() -> None:
    source = random.Random(7)
    turns, sent, got = Turns(), dict.fromkeys(range(20), 0), dict.fromkeys(range(20), 0)
    for round_ in range(300):
        arrived = []
        for _ in range(source.randrange(8) if round_ < 200 else 0):
            connection, count = source.randrange(20), source.choice([1, 5, 900])
            arrived += items(connection, count, sent[connection])
            sent[connection] += count
        for connection, frame in turns.take(arrived):
            assert frame[2] == got[connection], "in order"
            got[connection] += 1
    while taken := turns.take([]):
        for connection, _ in taken:
            got[connection] += 1
    assert got == sent
    assert turns.waiting_bytes == 0


def test_much_that_waits_stops_receiving() -> None:
    turns = Turns()
    turns.take(items(1, limits.TURNS_BYTES_MAX // limits.REQUEST_BYTES + 1000))
    assert turns.crowded
    while turns.take([]):
        pass
    assert not turns.crowded
