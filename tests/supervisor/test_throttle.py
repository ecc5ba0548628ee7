from __future__ import annotations

import pytest
import trio
import trio.testing

from everstore import limits
from everstore.supervisor.throttle import Throttle
from everstore.supervisor.verifier import Unverified


async def fail(throttle: Throttle, host: str, clock: trio.testing.MockClock) -> float:
    """A wrong login; returns the seconds that it had to wait."""
    start = clock.current_time()
    async with throttle.turn(host):
        waited = clock.current_time() - start
        throttle.failed(host)
    return round(waited, 6)


async def test_pauses_behind_wrong_logins_of_an_address_double_up_to_a_bound(
    autojump_clock: trio.testing.MockClock,
) -> None:
    throttle = Throttle()
    assert [await fail(throttle, "192.0.2.1", autojump_clock) for _ in range(9)] == [
        0,
        0.1,
        0.2,
        0.4,
        0.8,
        1.6,
        3.2,
        5.0,
        5.0,
    ]


async def test_other_addresses_do_not_wait(autojump_clock: trio.testing.MockClock) -> None:
    throttle = Throttle()
    for _ in range(9):
        await fail(throttle, "192.0.2.1", autojump_clock)
    assert await fail(throttle, "192.0.2.2", autojump_clock) == 0
    assert await fail(throttle, "192.0.2.1", autojump_clock) > 4


async def test_addresses_of_one_ipv6_network_count_as_one(autojump_clock: trio.testing.MockClock) -> None:
    throttle = Throttle()
    await fail(throttle, "2001:db8::1", autojump_clock)
    assert await fail(throttle, "2001:db8::ffff:2", autojump_clock) == 0.1
    assert await fail(throttle, "2001:db8:0:1::1", autojump_clock) == 0
    assert await fail(throttle, "2001:db8:0:2:ff00::1", autojump_clock) == 0
    assert await fail(throttle, "2001:db8:0:2::1", autojump_clock) == 0.1
    assert await fail(throttle, "::ffff:192.0.2.1", autojump_clock) == 0
    assert await fail(throttle, "::ffff:192.0.2.2", autojump_clock) == 0, "these are of IPv4"


async def test_wrong_logins_are_forgotten_after_a_while(autojump_clock: trio.testing.MockClock) -> None:
    throttle = Throttle()
    for _ in range(9):
        await fail(throttle, "192.0.2.1", autojump_clock)
    await trio.sleep(limits.FAILURES_FORGOTTEN_S + 1)
    assert [await fail(throttle, "192.0.2.1", autojump_clock) for _ in range(2)] == [0, 0.1]


async def test_logins_of_one_address_follow_each_other_and_only_so_many_wait(
    autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    throttle = Throttle()
    inside: list[int] = []

    async def log_in(number: int) -> None:
        async with throttle.turn("192.0.2.1"):
            inside.append(number)
            assert len(inside) == 1
            await trio.sleep(1)
            inside.clear()

    for number in range(limits.VERIFIED_PER_ADDRESS_MAX):
        nursery.start_soon(log_in, number)
    await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(Unverified, match="the limit"):
        await log_in(-1)
    await trio.sleep(limits.VERIFIED_PER_ADDRESS_MAX + 1)
    await log_in(0)
    assert autojump_clock.current_time() >= limits.VERIFIED_PER_ADDRESS_MAX + 2


async def test_one_that_gives_up_waiting_lets_the_next_one_in(autojump_clock: trio.testing.MockClock) -> None:
    throttle = Throttle()
    for _ in range(9):
        await fail(throttle, "192.0.2.1", autojump_clock)
    with trio.move_on_after(1) as impatient:
        await fail(throttle, "192.0.2.1", autojump_clock)
    assert impatient.cancelled_caught
    assert await fail(throttle, "192.0.2.1", autojump_clock) == 4


async def test_what_is_remembered_is_bounded(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FAILING_ADDRESSES_MAX", 3)
    throttle = Throttle()
    for number in range(4):
        await fail(throttle, f"192.0.2.{number}", autojump_clock)
    assert await fail(throttle, "192.0.2.3", autojump_clock) == 0.1
    assert await fail(throttle, "192.0.2.0", autojump_clock) == 0, "it was forgotten"


@pytest.mark.parametrize("host", ["fe80::1%eth0", "no address"])
async def test_what_is_an_address_of_one_machine_only_or_none_counts_as_one(
    host: str, autojump_clock: trio.testing.MockClock
) -> None:
    throttle = Throttle()
    assert [await fail(throttle, host, autojump_clock) for _ in range(3)] == [0, 0.1, 0.2]
    for other in ("192.0.2.1", "something else", "fe80:1::1%eth0"):
        assert await fail(throttle, other, autojump_clock) == 0


async def test_an_address_that_has_done_nothing_wrong_is_not_remembered(
    autojump_clock: trio.testing.MockClock,
) -> None:
    throttle = Throttle()
    async with throttle.turn("192.0.2.1"), throttle.turn("192.0.2.2"):
        assert len(throttle._addresses) == 2  # noqa: SLF001
    assert len(throttle._addresses) == 0  # noqa: SLF001
    await fail(throttle, "192.0.2.1", autojump_clock)
    assert len(throttle._addresses) == 1  # noqa: SLF001


async def test_of_many_addresses_the_one_that_failed_longest_ago_is_forgotten_but_none_that_has_its_turn(
    autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FAILING_ADDRESSES_MAX", 2)
    throttle = Throttle()
    for host in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
        await fail(throttle, host, autojump_clock)
    async with throttle.turn("192.0.2.2"):
        await fail(throttle, "192.0.2.3", autojump_clock)
    assert [await fail(throttle, "192.0.2.2", autojump_clock) for _ in range(2)] == [0, 0.2]
    assert [await fail(throttle, "192.0.2.1", autojump_clock) for _ in range(2)] == [0, 0.1], "it was forgotten"


async def test_wrong_logins_count_until_their_time_is_past(autojump_clock: trio.testing.MockClock) -> None:
    throttle = Throttle()
    for waited in (limits.FAILURES_FORGOTTEN_S, limits.FAILURES_FORGOTTEN_S + 1, 0.2):
        await fail(throttle, "192.0.2.1", autojump_clock)
        await trio.sleep(waited)
    assert [await fail(throttle, "192.0.2.1", autojump_clock) for _ in range(2)] == [0, 0.2]
    await fail(throttle, "192.0.2.2", autojump_clock)
    await trio.sleep(limits.FAILURES_FORGOTTEN_S)
    assert [await fail(throttle, "192.0.2.2", autojump_clock) for _ in range(2)] == [0, 0.2], "not yet past"
