from __future__ import annotations

import pytest

from everstore import limits
from everstore.worker.patience import Patience, Seen

NOTHING = Seen(0, 0, 0, awaited=True, quiet=True, greedy=False, reserving=False)
IDLE_S = 1000.0


def closed_at(seen_at: dict[int, Seen], last_s: int, scarce: bool = False) -> int:
    """The second in which a client that looks so, from each of these seconds on, is closed; 0 when it is not."""
    patience, seen = Patience(0.0, IDLE_S), NOTHING
    for second in range(1, last_s + 1):
        seen = seen_at.get(second, seen)
        if patience.look(float(second), seen, scarce):
            return second
    return 0


def sending(rate: int, size: int, seconds: int, **more: bool) -> dict[int, Seen]:
    """A request of so many bytes that arrives at this rate."""
    return {
        second: NOTHING._replace(received=rate * second, due=max(0, size - rate * second), quiet=False, **more)
        for second in range(1, seconds + 1)
    }


def test_a_request_that_stops_half_way_ends_the_connection() -> None:
    half = NOTHING._replace(received=50, due=50, quiet=False)
    assert closed_at({5: half}, 100) == 5 + limits.FRAME_S_MAX


@pytest.mark.parametrize("size", [100, 1 << 24])
def test_one_byte_a_second_is_no_going_on(size: int) -> None:
    assert closed_at(sending(1, size, 200), 200) == 1 + limits.FRAME_S_MAX


def test_a_slow_line_may_take_its_time() -> None:
    assert not closed_at(sending(limits.FRAME_BYTES_PER_S_MIN, 1 << 24, 5000), 5000)


def test_a_small_request_may_take_all_of_the_time() -> None:
    assert not closed_at(sending(4, 100, 25), 100)


def test_pipelined_requests_that_are_each_cut_are_not_one_that_stops() -> None:
    cut = {second: NOTHING._replace(received=1000 * second, due=10, quiet=False) for second in range(1, 200)}
    assert not closed_at(cut, 200)


def test_time_in_which_the_server_does_not_read_is_not_counted() -> None:
    waiting = NOTHING._replace(received=50, due=50, awaited=False, quiet=False)
    assert not closed_at({1: waiting}, 500)
    assert closed_at({1: waiting, 300: waiting._replace(awaited=True)}, 500) == 300 + limits.FRAME_S_MAX


def test_while_memory_is_scarce_a_large_request_has_to_go_on_fast() -> None:
    slow = sending(limits.PRESSED_BYTES_PER_S_MIN // 2, 1 << 24, 60, reserving=True)
    assert closed_at(slow, 60, scarce=True) == 1 + limits.PRESSED_S_MAX
    assert not closed_at(slow, 60)
    fast = sending(limits.PRESSED_BYTES_PER_S_MIN, 1 << 24, 60, reserving=True)
    assert not closed_at(fast, 60, scarce=True)
    small = sending(3000, 60_000, 60)
    assert not closed_at(small, 60, scarce=True), "only what has room reserved stands in anybody's way"


def test_who_takes_no_answers_is_closed_only_while_memory_is_scarce_and_for_holding_much() -> None:
    deaf = NOTHING._replace(sent=9, quiet=False)
    greedy = deaf._replace(greedy=True)
    assert not closed_at({1: greedy}, 500)
    assert not closed_at({1: deaf}, 500, scarce=True)
    assert closed_at({1: greedy}, 500, scarce=True) == 1 + limits.PRESSED_S_MAX
    slowly = {second: greedy._replace(sent=second // 4) for second in range(1, 100)}
    assert not closed_at(slowly, 99, scarce=True)


def test_an_idle_connection_is_closed_after_its_limit_and_one_that_waits_is_not() -> None:
    assert closed_at({}, 2000) == IDLE_S
    assert closed_at({900: NOTHING._replace(received=1)}, 3000) == 900 + IDLE_S
    assert not closed_at({1: NOTHING._replace(quiet=False)}, 3000)
