"""Lanes of the async client; what they are to do stands in the blocking one's tests."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import anyio
import pytest
from support.server import RunningServer

from everstore_client import AsyncClient, Event, connect_async
from everstore_client.limits import LANE_REQUESTS_MIN

pytestmark = pytest.mark.slow


def url(server: RunningServer) -> str:
    return f"everstore://127.0.0.1:{server.port}"


async def lanes(db: AsyncClient[Event]) -> list[int]:
    return [each["lanes"] for each in (await db.status())["workers"]]


async def ask_often(db: AsyncClient[Event], journal: str) -> None:
    for number in range(4 * LANE_REQUESTS_MIN):
        await db.append(f"{journal}/{number % 10}", Event("a", number))


async def until_lanes(db: AsyncClient[Event], journal: str, wanted: list[int]) -> None:
    with anyio.fail_after(30):
        while await lanes(db) != wanted:
            await ask_often(db, journal)


def test_they_are_opened_and_closed_with_the_client(
    server: RunningServer, journal: str, run: Callable[..., Any]
) -> None:
    async def ask() -> None:
        async with connect_async(url(server), connections=1) as db:
            await until_lanes(db, journal, [1, 1])
            main = await db._pool.take()  # noqa: SLF001
            said = main._conversation._uid  # noqa: SLF001
            await ask_often(db, journal)
            assert len(await db.read(f"{journal}/1")) > 10
            assert main._conversation._uid == said, "the connection itself has said nothing"  # noqa: SLF001
        async with connect_async(url(server), lanes=False) as other:
            await until_lanes(other, journal, [0, 0])
            await ask_often(other, journal)
            assert await lanes(other) == [0, 0]

    run(ask)


@pytest.mark.parametrize("deaths", [2])
def test_what_is_in_flight_on_them_when_workers_die_is_sent_again(
    server: RunningServer, journal: str, run: Callable[..., Any], deaths: int
) -> None:
    counts = [0] * 20

    async def append(db: AsyncClient[Event], task: int, stop: anyio.Event) -> None:
        while not stop.is_set():
            await db.append(f"{journal}/{counts[task] % 5}", Event("a", [task, counts[task]]))
            counts[task] += 1

    async def ask() -> None:
        async with connect_async(url(server), connections=1) as db:
            stop = anyio.Event()
            async with anyio.create_task_group() as tasks:
                for task in range(20):
                    tasks.start_soon(append, db, task, stop)
                for died in range(1, deaths + 1):
                    await until_lanes(db, f"{journal}/warm", [1, 1])
                    for pid in server.worker_pids():
                        os.kill(pid, signal.SIGKILL)
                    with anyio.fail_after(30):
                        while server.log().count("serves again") < 2 * died:
                            await anyio.sleep(0.01)
                await until_lanes(db, f"{journal}/warm", [1, 1])
                stop.set()
            written = [event.data for number in range(5) for event in await db.read(f"{journal}/{number}")]
            assert sorted(written) == sorted([task, number] for task in range(20) for number in range(counts[task]))

    run(ask)
