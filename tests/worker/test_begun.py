from __future__ import annotations

from everstore import limits
from everstore.worker.begun import Begun

SMALL = limits.RECEIVE_BYTES
HALF = limits.LANES_BEGUN_BYTES_MAX // 2


def test_what_is_small_needs_no_room() -> None:
    begun = Begun()
    assert begun.look(1, SMALL) == []
    assert (begun.has(1), begun.waits(1), begun.is_short) == (False, False, False)


def test_each_gets_its_room_in_the_order_in_which_they_asked() -> None:
    begun = Begun()
    assert [begun.look(1, HALF), begun.look(2, HALF), begun.look(3, HALF), begun.look(4, SMALL + 1)] == [
        [1],
        [2],
        [],
        [],
    ]
    assert begun.look(3, HALF) == [], "asking again changes nothing"
    assert (begun.has(2), begun.waits(3), begun.waits(4), begun.is_short) == (True, True, True, True)
    assert begun.look(1, 0) == [3], "and the fourth, which would fit, does not overtake a third that does not"
    assert begun.forget(2) == [4]
    assert not begun.is_short


def test_one_that_is_larger_than_all_the_room_comes_alone() -> None:
    begun = Begun()
    assert begun.look(1, SMALL + 1) == [1]
    assert begun.look(2, 10 * HALF) == []
    assert begun.look(3, SMALL + 1) == []
    assert begun.look(1, 0) == [2]
    assert begun.look(2, SMALL + 1) == [3, 2], "the next request behind a large one asks anew"


def test_one_that_ends_while_it_waits_leaves_the_queue() -> None:
    begun = Begun()
    begun.look(1, 10 * HALF)
    assert begun.look(2, HALF) == begun.look(3, HALF) == []
    assert begun.forget(2) == []
    assert begun.forget(1) == [3]
    assert begun.forget(1) == []
