from __future__ import annotations

import trio
import trio.testing

from everstore.supervisor.memory import Memory

KIB = 1024
MOST = 1024 * KIB


class Holder:
    def __init__(self) -> None:
        self.reserved = 0


async def reserving(memory: Memory, size: int, nursery: trio.Nursery) -> Holder:
    holder = Holder()
    nursery.start_soon(memory.reserve, holder, size)
    await trio.testing.wait_all_tasks_blocked()
    return holder


async def test_large_requests_get_half_of_the_memory_and_wait_in_order(nursery: trio.Nursery) -> None:
    memory = Memory(MOST, 10)
    first = await reserving(memory, 300 * KIB, nursery)
    second = await reserving(memory, 300 * KIB, nursery)
    third = await reserving(memory, 100 * KIB, nursery)
    assert (first.reserved, second.reserved, third.reserved) == (300 * KIB, 0, 0), "a small one does not overtake"
    assert memory.scarce
    memory.release(first)
    assert (second.reserved, third.reserved, memory.reserved) == (300 * KIB, 100 * KIB, 400 * KIB)
    assert not memory.scarce


async def test_one_that_is_larger_than_the_memory_passes_alone(nursery: trio.Nursery) -> None:
    memory = Memory(MOST, 10)
    huge = await reserving(memory, 10 * MOST, nursery)
    assert huge.reserved == 10 * MOST
    small = await reserving(memory, 100 * KIB, nursery)
    assert small.reserved == 0
    memory.release(huge)
    assert small.reserved == 100 * KIB


async def test_what_waits_gets_its_room_when_answers_have_been_taken(nursery: trio.Nursery) -> None:
    memory = Memory(MOST, 10)
    memory.flow(900 * KIB)
    waiting = await reserving(memory, 300 * KIB, nursery)
    assert waiting.reserved == 0
    memory.flow(-500 * KIB)
    assert waiting.reserved == 300 * KIB


async def test_who_stops_waiting_holds_up_nobody(nursery: trio.Nursery) -> None:
    memory = Memory(MOST, 10)
    first = await reserving(memory, 400 * KIB, nursery)
    with trio.CancelScope() as scope:
        nursery.start_soon(_cancel_when_blocked, scope)
        await memory.reserve(Holder(), 500 * KIB)
    assert scope.cancelled_caught
    behind = await reserving(memory, 100 * KIB, nursery)
    assert (first.reserved, behind.reserved) == (400 * KIB, 100 * KIB)


async def _cancel_when_blocked(scope: trio.CancelScope) -> None:
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()


async def test_nothing_is_left_of_what_came_and_went(nursery: trio.Nursery) -> None:
    memory = Memory(MOST, 10)
    holders = [await reserving(memory, size * KIB, nursery) for size in (100, 400, 200, 2000, 64)]
    memory.flow(5000)
    for holder in holders:
        assert holder.reserved
        memory.release(holder)
    memory.flow(-5000)
    assert (memory.reserved, memory.flowing, memory.scarce) == (0, 0, False)
