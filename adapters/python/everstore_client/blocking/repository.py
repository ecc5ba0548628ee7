"""States folded from journals, over the blocking client."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from ..errors import CannotRead
from ..folding import Folding
from ..limits import CONFLICT_ATTEMPTS, SNAPSHOT_EVENTS
from ..snapshots import Snapshot, Snapshots
from ..transactions import Commit
from .client import Client
from .transaction import Transaction

S = TypeVar("S")


class Repository(Generic[S]):
    """Folds a journal into a state, keeps a snapshot of it, and reads only what is newer.

    Args:
        db: where the journals are.
        fold: from a state and the next event to the next state; it may change the state in place and return it.
        initial: makes the state of a journal without events.
        snapshots: where to keep them; in memory unless told otherwise.
        snapshot_every: how many events may have to be folded again before a new snapshot is kept.
    """

    def __init__(
        self,
        db: Client[Any],
        fold: Callable[[S, Any], S],
        initial: Callable[[], S],
        *,
        snapshots: Snapshots[S] | None = None,
        snapshot_every: int = SNAPSHOT_EVENTS,
    ) -> None:
        self._db = db
        self._folding = Folding(fold, initial, snapshots, snapshot_every)

    def get(self, journal: str) -> S:
        """The state of a journal now. Raises as `Client.read` does."""
        with self._db.transaction(journal) as transaction:
            return self.state(transaction)

    def state(self, transaction: Transaction[Any]) -> S:
        """The state of a journal as an open transaction sees it."""
        start = self._folding.start(transaction.journal, transaction.size)
        try:
            return self._fold(transaction, start)
        except CannotRead:
            if start.size == 0:
                raise
            return self._fold(transaction, self._folding.beginning())

    def update(
        self, journal: str, decide: Callable[[S], Iterable[object]], *, attempts: int = CONFLICT_ATTEMPTS
    ) -> Commit:
        """Append what `decide` makes of the state; on a conflict again, of the new one. Raises as `Client.run` does."""

        def once(transaction: Transaction[Any]) -> Commit:
            transaction.append(*decide(self.state(transaction)))
            return transaction.commit()

        return self._db.run(journal, once, attempts=attempts)

    def _fold(self, transaction: Transaction[Any], start: Snapshot[S]) -> S:
        state, since = start
        count = 0
        for count, event in enumerate(transaction.stream(since), 1):  # noqa: B007
            state = self._folding.fold(state, event)
        if self._folding.is_worth_keeping(count):
            self._folding.keep(transaction.journal, state, transaction.size)
        return state
