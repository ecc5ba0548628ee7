from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from everstore_client import Client, Conflict, DirectorySnapshots, Event, MemorySnapshots, Repository, Snapshot, connect

State = dict[str, int]


class Recording(MemorySnapshots[State]):
    """Remembers what was kept."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def save(self, journal: str, snapshot: Snapshot[State]) -> None:
        self.sizes.append(snapshot.size)
        super().save(journal, snapshot)


folded: list[Event] = []


def fold(state: State, event: Event) -> State:
    """Changes the state in place, the harder case for snapshots."""
    folded.append(event)
    state[event.type] = state.get(event.type, 0) + event.data
    return state


@pytest.fixture
def db(url: str) -> Iterator[Client[Event]]:
    folded.clear()
    with connect(url) as client:
        yield client


def test_a_journal_is_folded_into_a_state(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict)
    assert repository.get(journal) == {}
    db.append(journal, Event("a", 1), Event("b", 2), Event("a", 3))
    assert repository.get(journal) == {"a": 4, "b": 2}


def test_only_what_is_new_is_read(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict, snapshot_every=1)
    db.append(journal, Event("a", 1), Event("a", 2))
    repository.get(journal)
    db.append(journal, Event("a", 3))
    folded.clear()
    assert repository.get(journal) == {"a": 6}
    assert folded == [Event("a", 3)]
    folded.clear()
    assert repository.get(journal) == {"a": 6}
    assert folded == []


def test_a_snapshot_is_kept_only_when_enough_is_new(db: Client[Event], journal: str) -> None:
    snapshots = Recording()
    repository = Repository(db, fold, dict, snapshots=snapshots, snapshot_every=3)
    for _ in range(7):
        db.append(journal, Event("a", 1))
        repository.get(journal)
    assert len(snapshots.sizes) == 2
    assert repository.get(journal) == {"a": 7}


def test_changing_what_was_got_does_not_change_the_snapshot(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict, snapshot_every=1)
    db.append(journal, Event("a", 1))
    repository.get(journal)["a"] = 99
    assert repository.get(journal) == {"a": 1}


def test_snapshots_in_a_directory_serve_the_next_process(db: Client[Event], journal: str, tmp_path: Path) -> None:
    def repository() -> Repository[State]:
        snapshots: DirectorySnapshots[State] = DirectorySnapshots(
            tmp_path / "snapshots", lambda state: json.dumps(state).encode(), json.loads
        )
        return Repository(db, fold, dict, snapshots=snapshots, snapshot_every=1)

    db.append(journal, Event("a", 1))
    repository().get(journal)
    folded.clear()
    assert repository().get(journal) == {"a": 1}
    assert folded == []


@pytest.mark.parametrize("size", [3, 10**6], ids=["inside a line", "past the end"])
def test_a_snapshot_of_another_journal_of_that_name_is_not_used(db: Client[Event], journal: str, size: int) -> None:
    snapshots: MemorySnapshots[State] = MemorySnapshots()
    db.append(journal, Event("a", 1))
    snapshots.save(journal, Snapshot({"wrong": 1}, size))
    assert Repository(db, fold, dict, snapshots=snapshots).get(journal) == {"a": 1}


def test_update_decides_again_on_a_conflict(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict)

    def take_one(state: State) -> list[Event]:
        return [Event("taken", 1)] if state.get("taken", 0) < 10 else []

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: repository.update(journal, take_one, attempts=1000), range(16)))
    assert repository.get(journal) == {"taken": 10}


def test_update_says_what_was_committed(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict)
    assert repository.update(journal, lambda _: [Event("a", 1), Event("a", 2)]).events == 2
    assert repository.update(journal, lambda _: []).events == 0


def test_a_state_belongs_to_a_transaction(db: Client[Event], journal: str) -> None:
    repository = Repository(db, fold, dict)
    db.append(journal, Event("a", 1))
    with pytest.raises(Conflict), db.transaction(journal) as tx:
        db.append(journal, Event("a", 2))
        assert repository.state(tx) == {"a": 1}
        tx.append(Event("a", 3))
