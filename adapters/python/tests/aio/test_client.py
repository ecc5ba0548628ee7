"""Every feature of the async client, against a real server, under asyncio and trio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from everstore_client import (
    AsyncRepository,
    AuthenticationFailed,
    CannotRead,
    Commit,
    Conflict,
    ConnectionLost,
    Event,
    InvalidJournalName,
    MemorySnapshots,
    NoSuchWorker,
    Registry,
    Snapshot,
    TransactionEnded,
    UnknownEventType,
    connect_async,
)

Run = Callable[..., Any]
registry: Registry = Registry()


@registry.event("user.Created")
@dataclass
class Created:
    email: str


@pytest.fixture
def fresh(journal: str, request: pytest.FixtureRequest) -> str:
    """A journal of its own for each of the two event loops."""
    return f"{journal}/{request.node.callspec.params['run']}"


def test_what_is_chosen(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            await db.append_raw(fresh, "a 1", "b 2", "a 3")
            now = (await db.read(fresh, last=1, timestamps=True))[0].timestamp
            assert now is not None
            assert await db.read(fresh, types=["a"], newest_first=True) == [Event("a", 3), Event("a", 1)]
            assert await db.read(fresh, until=now) == []
            assert [event.data async for event in db.stream(fresh, now, types=["b"])] == [2]
            assert [line async for line in db.stream_raw(fresh, last=1)] == [b"a 3"]

    run(main)


def test_read_append_commit(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            async with db.transaction(fresh) as tx:
                assert await tx.read() == []
                tx.append(Event("a", {"x": "ä"}))
                tx.append(type="b", data=2)
                result = await tx.commit()
            assert result == Commit(fresh, result.size, 2)
            assert await db.read(fresh) == [Event("a", {"x": "ä"}), Event("b", 2)]
            assert await db.exists(fresh)
            assert not await db.exists(f"{fresh}/none")

    run(main)


def test_a_clean_end_commits_and_an_exception_rolls_back(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            async with db.transaction(fresh) as tx:
                tx.append(type="a", data=1)
            with pytest.raises(ZeroDivisionError):
                async with db.transaction(fresh) as tx:
                    tx.append(type="a", data=2)
                    _ = 1 / 0
            async with db.transaction(fresh) as tx:
                tx.append(type="a", data=3)
                tx.rollback()
                with pytest.raises(TransactionEnded):
                    await tx.commit()
            assert await db.read(fresh) == [Event("a", 1)]

    run(main)


def test_what_a_block_raises_leaves_on_its_own(run: Run, url: str) -> None:
    async def main() -> None:
        async with connect_async(url):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(main)


def test_a_conflict_says_which_journal_and_types(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            with pytest.raises(Conflict) as conflict:
                async with db.transaction(fresh) as tx:
                    await db.append(fresh, type="a", data=1)
                    tx.append(type="a", data=2)
            assert (conflict.value.journal, conflict.value.types) == (fresh, ("a",))
            with pytest.raises(Conflict):
                await db.append(fresh, type="b", data=1, must_be_new=True)

    run(main)


def test_a_transaction_sees_the_journal_as_it_was(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            await db.append_raw(fresh, "a 1")
            async with db.transaction(fresh) as tx:
                await db.append_raw(fresh, "b 2")
                assert await tx.read() == [Event("a", 1)]
                assert await tx.read_raw() == b"a 1"
                assert [event async for event in tx.stream()] == [Event("a", 1)]
                (stamped,) = await tx.read(timestamps=True)
                assert stamped.timestamp is not None

    run(main)


def test_since_raw_and_timestamps(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            first = await db.append(fresh, type="a", data=1)
            await db.append(fresh, type="b", data=2)
            assert await db.read(fresh, since=first.size) == [Event("b", 2)]
            assert await db.read_raw(fresh) == b"a 1\nb 2"
            assert [line async for line in db.stream_raw(fresh)] == [b"a 1", b"b 2"]
            stamped = await db.read(fresh, timestamps=True)
            assert [event async for event in db.stream(fresh, timestamps=True)] == stamped
            with pytest.raises(CannotRead):
                await db.read(fresh, since=3)

    run(main)


def test_objects_through_the_registry(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url, registry=registry) as db:
            await db.append(fresh, Created("a"))
            assert await db.read(fresh) == [Created("a")]
            await db.append_raw(fresh, "user.Gone {}")
            with pytest.raises(UnknownEventType):
                await db.read(fresh)

    run(main)


def test_journals_and_status(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            names = sorted(f"{fresh}/{'x' * 190}{number:03}" for number in range(400))
            async with anyio.create_task_group() as tasks:
                for name in names:
                    tasks.start_soon(db.append_raw, name, "a 1")
            assert [name async for name in db.journals(f"{fresh}/")] == names
            assert (await db.status())["workers"]
            assert (await db.worker_status(1))["worker"] == 1
            with pytest.raises(NoSuchWorker):
                await db.worker_status(77)
            with pytest.raises(InvalidJournalName):
                await db.exists("no name")

    run(main)


def test_tasks_share_one_connection(run: Run, url: str, fresh: str) -> None:
    """Each task reads what it wrote, so an answer that reached another task would be seen."""

    async def main() -> None:
        async def work(task: int) -> None:
            for number in range(20):
                await db.append(f"{fresh}/{task}", type=f"type{task}", data=number)
            assert [event.data for event in await db.read(f"{fresh}/{task}")] == list(range(20))

        async with connect_async(url, connections=1) as db, anyio.create_task_group() as tasks:
            for task in range(50):
                tasks.start_soon(work, task)

    run(main)


def test_run_again_on_a_conflict(run: Run, url: str, fresh: str) -> None:
    async def main() -> None:
        attempts: list[Any] = []

        async def once(tx: Any) -> int:
            attempts.append(tx)
            if len(attempts) < 3:
                await db.append(fresh, type="a", data=len(attempts))
            tx.append(type="a", data="mine")
            return len(attempts)

        async with connect_async(url) as db:
            assert await db.run(fresh, once) == 3
            assert [event.data for event in await db.read(fresh)] == [1, 2, "mine"]
            attempts.clear()
            with pytest.raises(Conflict):
                await db.run(fresh, once, attempts=2)

    run(main)


def test_a_wrong_password_and_nobody_there(run: Run, url: str) -> None:
    async def enter(url: str) -> None:
        async with connect_async(url):
            pass

    with pytest.raises(AuthenticationFailed):
        run(enter, url.replace("passwd", "wrong"))
    with pytest.raises(ConnectionLost):
        run(enter, "everstore://127.0.0.1:1")


def test_a_client_that_is_over_is_told(run: Run, url: str) -> None:
    async def main() -> None:
        async with connect_async(url) as db:
            pass
        with pytest.raises(ConnectionLost, match="closed"):
            await db.exists("/a")

    run(main)


def test_a_repository_reads_only_what_is_new(run: Run, url: str, fresh: str) -> None:
    folded: list[Event] = []

    def fold(state: int, event: Event) -> int:
        folded.append(event)
        return state + int(event.data)

    async def main() -> None:
        async with connect_async(url) as db:
            snapshots: MemorySnapshots[int] = MemorySnapshots()
            repository = AsyncRepository(db, fold, int, snapshots=snapshots, snapshot_every=1)
            await db.append(fresh, Event("a", 1), Event("a", 2))
            assert await repository.get(fresh) == 3
            folded.clear()
            commit = await repository.update(fresh, lambda state: [Event("a", state)])
            assert await repository.get(fresh) == 6
            assert folded == [Event("a", 3)]
            snapshots.save(fresh, Snapshot(99, 3))
            assert await repository.get(fresh) == 6
            assert commit.events == 1

    run(main)
