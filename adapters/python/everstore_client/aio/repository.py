"""States folded from journals, over the async client. Snapshots are loaded and saved in threads: they may be files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import aclosing
from typing import Any, Generic, TypeVar

import anyio.to_thread

from ..errors import CannotRead
from ..folding import Folding
from ..limits import CONFLICT_ATTEMPTS, SNAPSHOT_EVENTS
from ..snapshots import Snapshot, Snapshots
from ..transactions import Commit
from .client import AsyncClient
from .transaction import AsyncTransaction

S = TypeVar("S")


class AsyncRepository(Generic[S]):
    """Folds a journal into a state, keeps a snapshot of it, and reads only what is newer; see `Repository`."""

    def __init__(
        self,
        db: AsyncClient[Any],
        fold: Callable[[S, Any], S],
        initial: Callable[[], S],
        *,
        snapshots: Snapshots[S] | None = None,
        snapshot_every: int = SNAPSHOT_EVENTS,
    ) -> None:
        self._db = db
        self._folding = Folding(fold, initial, snapshots, snapshot_every)

    async def get(self, journal: str) -> S:
        """The state of a journal now."""
        async with self._db.transaction(journal) as transaction:
            return await self.state(transaction)

    async def state(self, transaction: AsyncTransaction[Any]) -> S:
        """The state of a journal as an open transaction sees it."""
        start = await anyio.to_thread.run_sync(self._folding.start, transaction.journal, transaction.size)
        try:
            return await self._fold(transaction, start)
        except CannotRead:
            if start.size == 0:
                raise
            return await self._fold(transaction, self._folding.beginning())

    async def update(
        self, journal: str, decide: Callable[[S], Iterable[object]], *, attempts: int = CONFLICT_ATTEMPTS
    ) -> Commit:
        """Append what `decide` makes of the state; on a conflict again, of the new state."""

        async def once(transaction: AsyncTransaction[Any]) -> Commit:
            transaction.append(*decide(await self.state(transaction)))
            return await transaction.commit()

        return await self._db.run(journal, once, attempts=attempts)

    async def _fold(self, transaction: AsyncTransaction[Any], start: Snapshot[S]) -> S:
        state, since = start
        count = 0
        async with aclosing(transaction.stream(since)) as events:
            async for event in events:
                state = self._folding.fold(state, event)
                count += 1
        if self._folding.is_worth_keeping(count):
            await anyio.to_thread.run_sync(self._folding.keep, transaction.journal, state, transaction.size)
        return state
