"""Silence, cancellation, lost connections and long reads, under asyncio and trio."""

from __future__ import annotations

import os
import signal
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.server import RunningServer
from support.version_1 import server_of_version_1

from everstore_client import (
    AsyncClient,
    ConnectionLost,
    Event,
    OutcomeUnknown,
    ProtocolError,
    Timeout,
    UnknownError,
    connect_async,
)
from everstore_client.wire.layouts import LITTLE

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
OPENED = {4: LITTLE.pack(48, 7)}
ANSWER = LITTLE.pack(3) + b"a 1"
LINES = [f"a {number:01000}" for number in range(2000)]


async def until(is_true: Callable[[], bool]) -> None:
    with anyio.fail_after(30):
        while not is_true():
            await anyio.sleep(0)


@asynccontextmanager
async def in_background(function: Callable[..., Any], *arguments: Any) -> AsyncIterator[list[BaseException]]:
    """Run it beside the block, and collect what it raises."""
    raised: list[BaseException] = []

    async def collect() -> None:
        try:
            await function(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it raises is what the test looks at
            raised.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(collect)
        yield raised


def test_nobody_accepts_says_anything_or_speaks_the_protocol(run: Run, silent_server: Any, full_listener: str) -> None:
    async def enter(url: str) -> None:
        async with connect_async(url, timeout=0.1):
            pass

    with pytest.raises(Timeout):
        run(enter, full_listener)
    with pytest.raises(Timeout):
        run(enter, silent_server(hello=b"").url)
    with pytest.raises(ProtocolError):
        run(enter, silent_server(hello=b"SSH").url)


def test_a_timeout_keeps_the_connection_and_drops_the_late_answer(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url, timeout=0.2, connections=1) as db:
            with pytest.raises(Timeout):
                await db.read("/a")
            server.release(ANSWER)
            assert await db.exists("/a") is False
        assert len(server.accepted) == 1

    run(main)


def test_a_cancelled_request_keeps_the_connection(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url, connections=1) as db:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(db.read, "/a")
                await until(lambda: 7 in server.heard)
                tasks.cancel_scope.cancel()
            server.release(ANSWER)
            assert await db.exists("/a") is False
        assert len(server.accepted) == 1

    run(main)


def test_a_cancelled_transaction_is_rolled_back(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url) as db:
            with anyio.CancelScope() as scope:
                async with db.transaction("/a") as tx:
                    tx.append(type="a", data=1)
                    scope.cancel()
                    await anyio.sleep_forever()
            await until(lambda: 6 in server.heard)
        assert 5 not in server.heard

    run(main)


def test_a_commit_without_an_answer_is_of_unknown_outcome(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url, timeout=0.2) as db:
            with pytest.raises(OutcomeUnknown) as failure:
                await db.append("/a", type="a", data=1)
            assert isinstance(failure.value.__cause__, Timeout)
        async with connect_async(server.url) as db, in_background(db.append, "/a", Event("a", 1)) as raised:
            await until(lambda: server.heard.count(5) == 2)
            server.accepted[-1].shutdown(2)
            await until(lambda: len(raised) == 1)
            assert isinstance(raised[0], OutcomeUnknown)
            assert isinstance(raised[0].__cause__, ConnectionLost)
        assert server.heard.count(5) == 2

    run(main)


def test_what_only_asks_is_asked_again(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url) as db:
            async with in_background(db.read, "/a") as raised:
                await until(lambda: 7 in server.heard)
                server.answers[7] = ANSWER
                server.accepted[-1].shutdown(2)
            assert raised == []
        assert server.heard.count(7) == 2

    run(main)


def test_busy_connections_are_joined_by_others_up_to_the_bound(run: Run, silent_server: Any) -> None:
    server = silent_server(answers=OPENED)

    async def main() -> None:
        async with connect_async(server.url, connections=3) as db, anyio.create_task_group() as tasks:
            for number in range(1, 9):
                tasks.start_soon(db.read, "/a")
                await until(lambda number=number: server.heard.count(7) == number)  # type: ignore[misc]
            assert len(server.accepted) == 3
            server.release(ANSWER)

    run(main)


def test_a_restarted_server_is_found_again(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with RunningServer(tmp_path / "journals") as server:
            async with connect_async(f"everstore://127.0.0.1:{server.port}") as db:
                await db.append("/u", type="a", data=1)
                await anyio.to_thread.run_sync(server.kill)
                with ExitStack() as until_both_have_read:
                    async with in_background(reads_one_event, db) as raised:
                        until_both_have_read.enter_context(RunningServer(server.journals, port=server.port))
                        await reads_one_event(db)
                assert raised == []

    run(main)


async def reads_one_event(db: AsyncClient[Event]) -> None:
    assert await db.read("/u") == [Event("a", 1)]
    assert [event async for event in db.stream("/u")] == [Event("a", 1)]


def test_a_server_that_stays_away_is_waited_for_no_longer_than_the_timeout(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with RunningServer(tmp_path / "journals") as server:
            async with connect_async(f"everstore://127.0.0.1:{server.port}", timeout=0.3) as db:
                await anyio.to_thread.run_sync(server.kill)
                with pytest.raises((ConnectionLost, Timeout)):
                    await db.exists("/u")

    run(main)


def test_a_commit_in_flight_on_a_worker_that_dies(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        with server_of_version_1(tmp_path / "old", workers=1) as server:
            (worker,) = server.worker_pids()
            async with connect_async(f"everstore://127.0.0.1:{server.port}", connections=1) as db:
                accepted = (await db.status())["accepted"]
                async with db.transaction("/u") as tx:
                    tx.append(type="a", data=1)
                    os.kill(worker, signal.SIGSTOP)
                    async with in_background(tx.commit) as raised:
                        await until(lambda: not tx.is_open)
                        await db.status()
                        os.kill(worker, signal.SIGKILL)
                assert isinstance(raised[0], OutcomeUnknown)
                assert isinstance(raised[0].__cause__, UnknownError)
                assert await db.read("/u") in ([], [Event("a", 1)])
                assert (await db.append("/u", type="b", data=2)).events == 1
                assert (await db.status())["accepted"] == accepted

    run(main)


def test_long_reads_whole_streamed_and_left(run: Run, url: str, journal: str) -> None:
    async def main() -> None:
        async with connect_async(url, connections=1) as db:
            before = len(await db.read_raw(journal))
            for _ in range(5):
                await db.append_raw(journal, *LINES)
            assert len(await db.read_raw(journal)) - before >= 5 * len("\n".join(LINES))
            async with aclosing(db.stream(journal)) as events:
                assert (await anext(events)).type == "a"
                assert await db.exists(journal)
            async with db.transaction(journal) as tx, aclosing(tx.stream()) as events:
                assert [event.json async for event in events][-2000:] == [line[2:] for line in LINES]

    run(main)


def test_a_slow_consumer_keeps_little_in_memory(run: Run, url: str, journal: str) -> None:
    async def main() -> None:
        async with connect_async(url, connections=1) as db:
            for _ in range(5):
                await db.append_raw(journal, *LINES)
            tracemalloc.start()
            async with aclosing(db.stream(journal)) as events:
                await anext(events)
                for _ in range(200):
                    await db.exists(journal)
                kept, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert kept < 5_000_000

    run(main)
