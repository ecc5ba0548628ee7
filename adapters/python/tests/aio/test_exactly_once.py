"""The same for the async client: written once, and answered, whoever dies."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from support.cutting_proxy import CuttingProxy
from support.server import RunningServer

from everstore_client import Choosing, Conflict, Event, OutcomeUnknown, connect_async

pytestmark = pytest.mark.slow

Run = Callable[..., Any]
TASKS = 50


def test_appends_whose_answers_are_lost_are_written_once(run: Run, server: RunningServer) -> None:
    async def main() -> None:
        with CuttingProxy(server.port, cuts=3) as proxy:
            async with connect_async(proxy.url) as db:
                async with anyio.create_task_group() as tasks:
                    for number in range(200):
                        tasks.start_soon(db.append, f"/cut/{number % 7}", Event("a", number))
                async with db.transaction("/commit", must_be_new=True) as tx:
                    tx.append(Event("a", 1))
                    proxy.cuts += 1
                assert proxy.cuts == 0
                written = [event.data for each in range(7) for event in await db.read(f"/cut/{each}")]
                assert sorted(written) == list(range(200))
                assert await db.read("/commit") == [Event("a", 1)]

    run(main)


def test_appends_of_tasks_share_requests(run: Run, server: RunningServer) -> None:
    async def main() -> None:
        with CuttingProxy(server.port) as proxy:
            async with connect_async(proxy.url) as db, anyio.create_task_group() as tasks:
                for number in range(400):
                    tasks.start_soon(db.append, f"/shared/{number}", Event("a", number))
            assert proxy.requests < 40

    run(main)


def test_no_append_is_lost_or_doubled_while_workers_and_the_server_die(run: Run, tmp_path: Path) -> None:
    async def main() -> None:
        server = RunningServer(tmp_path / "journals").start()
        counts = [0] * TASKS
        is_over = False

        async def append(task: int) -> None:
            while not is_over:
                await db.append(f"/load/{(task + counts[task]) % 7}", Event("a", [task, counts[task]]))
                counts[task] += 1

        try:
            async with connect_async(f"everstore://127.0.0.1:{server.port}") as db:
                async with anyio.create_task_group() as tasks:
                    for task in range(TASKS):
                        tasks.start_soon(append, task)
                    for round_ in range(8):
                        await anyio.sleep(0.1)
                        if round_ % 4 == 3:
                            await anyio.to_thread.run_sync(server.kill)
                            await anyio.to_thread.run_sync(server.close)
                            server = RunningServer(server.journals, port=server.port)
                            await anyio.to_thread.run_sync(server.start)
                        elif pids := server.worker_pids():
                            os.kill(pids[round_ % len(pids)], signal.SIGKILL)
                    is_over = True
                written = [event.data for each in range(7) for event in await db.read(f"/load/{each}")]
                assert sum(counts) > TASKS
                assert sorted(written) == [[task, number] for task in range(TASKS) for number in range(counts[task])]
        finally:
            server.close()

    run(main)


def test_an_append_is_sent_again_no_longer_than_the_timeout(run: Run, server: RunningServer) -> None:
    async def main() -> None:
        with CuttingProxy(server.port, cuts=2**32) as proxy:
            async with connect_async(proxy.url, timeout=0.5) as db:
                with pytest.raises(OutcomeUnknown):
                    await db.append("/cut", Event("a", 1))

    run(main)


@pytest.mark.parametrize("choosing", [Choosing(), Choosing(types=["a"])])
def test_a_stream_goes_on_when_its_worker_dies(run: Run, server: RunningServer, choosing: Choosing) -> None:
    lines = [f"a {number:01000}" for number in range(8000)]

    async def main() -> None:
        async with connect_async(f"everstore://127.0.0.1:{server.port}") as db:
            for each in range(0, len(lines), 2000):
                await db.append_raw("/long", *lines[each : each + 2000])
            found: list[str] = []
            async for line in db.stream_raw("/long", **choosing):
                if not found:
                    for worker in server.worker_pids():
                        os.kill(worker, signal.SIGKILL)
                found.append(line.decode())
            assert found == lines

    run(main)


def test_a_conflict_tells_what_came(run: Run, server: RunningServer) -> None:
    async def main() -> None:
        async with connect_async(f"everstore://127.0.0.1:{server.port}") as db:
            first = await db.append("/u", Event("a", 1))
            second = await db.append("/u", Event("b", 2), after=first.size)
            with pytest.raises(Conflict) as conflict:
                await db.append("/u", Event("c", 3), after=first.size, depends=["b"])
            assert (conflict.value.size, conflict.value.events) == (second.size, [Event("b", 2)])
            await db.append_raw("/u", "c 3", after=second.size, depends=["b"], types=["x"])

    run(main)
