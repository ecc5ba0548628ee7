"""How a repository gets from a snapshot and newer events to a state, without saying how the events are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from .snapshots import MemorySnapshots, Snapshot, Snapshots

S = TypeVar("S")


class Folding(Generic[S]):
    """The fold and the snapshots of one kind of state."""

    def __init__(
        self,
        fold: Callable[[S, Any], S],
        initial: Callable[[], S],
        snapshots: Snapshots[S] | None,
        snapshot_every: int,
    ) -> None:
        self.fold = fold
        self._initial = initial
        self._snapshots: Snapshots[S] = MemorySnapshots() if snapshots is None else snapshots
        self._snapshot_every = snapshot_every

    def beginning(self) -> Snapshot[S]:
        return Snapshot(self._initial(), 0)

    def start(self, journal: str, size: int) -> Snapshot[S]:
        """Where folding starts: one past the journal's size is of another journal, which this one has replaced."""
        kept = self._snapshots.load(journal)
        return kept if kept is not None and kept.size <= size else self.beginning()

    def is_worth_keeping(self, events: int) -> bool:
        """Whether so many events, folded onto the last snapshot, make a new one worth its price."""
        return events >= self._snapshot_every

    def keep(self, journal: str, state: S, size: int) -> None:
        self._snapshots.save(journal, Snapshot(state, size))
