from __future__ import annotations

import pytest

from everstore import limits
from everstore.supervisor.waiting_room import NOBODY, WaitingRoom, address_of

HERE, THERE = "192.0.2.1", "192.0.2.2"


def test_the_one_that_has_waited_longest_at_a_crowded_address_goes() -> None:
    room = WaitingRoom()
    assert room.enter(1, THERE) == NOBODY
    for number in range(2, 2 + limits.LOGINS_PER_ADDRESS_MAX):
        assert room.enter(number, HERE) == NOBODY
    assert NOBODY == 0, "which is no connection's number"
    assert room.enter(1000, HERE) == 2, "its own, not the one at the other address that came before"
    room.leave(2)
    assert room.enter(1001, HERE) == 3


def test_loopback_is_bounded_only_with_all_others() -> None:
    room = WaitingRoom()
    assert all(room.enter(number, f"127.0.0.{number % 9 + 1}") == NOBODY for number in range(1, limits.LOGINS_MAX))
    assert room.enter(10_000, THERE) == NOBODY
    assert room.enter(10_001, THERE) == 1, "the most crowded address gives way"


def test_a_flood_from_many_addresses_pushes_out_the_most_crowded_first() -> None:
    room = WaitingRoom()
    for number in range(limits.LOGINS_MAX - 2):
        room.enter(number + 10, f"10.0.{number // 250}.{number % 250}")
    assert room.enter(5, THERE) == NOBODY
    assert room.enter(6, THERE) == NOBODY
    assert room.enter(7, HERE) == 5


def test_who_has_left_does_not_go_again() -> None:
    room = WaitingRoom()
    room.enter(1, HERE)
    room.leave(1)
    room.leave(1)
    assert (len(room), room.next_to_go()) == (0, NOBODY)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (HERE, HERE, True),
        (HERE, THERE, False),
        ("127.0.0.1", "127.4.5.6", True),
        ("127.0.0.1", "::1", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("2001:db8::1", "2001:db8::ff00:0:0:1", True),
        ("::ffff:192.0.2.1", HERE, True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2%eth0", True),
    ],
)
def test_what_counts_as_one_address(one: str, other: str, same: bool) -> None:
    assert (address_of(one) == address_of(other)) == same
