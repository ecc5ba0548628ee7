"""Thousands of simulated worlds find nothing wrong, and find what is made wrong on purpose."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable

import pytest
from simulation.world import Outcome, simulate
from support import figures

from everstore.engine.group_commit import GroupCommit
from everstore.engine.ledger import Ledger
from everstore.engine.outcomes import Outcomes
from everstore.engine.store import Store
from everstore.errors import StorageFailed
from everstore.journal.conflicts import Declared
from everstore.storage import commit_log
from everstore.storage.commit_log import CommitLog
from everstore.storage.journals import JournalFiles
from everstore.storage.recovery import Recovered
from everstore.storage.remembered import Remembered
from everstore.supervisor.client import Client, Request
from everstore.supervisor.switchboard import Switchboard
from everstore.supervisor.worker_link import WorkerLink
from everstore.worker import loop
from everstore.worker.outbox import Outbox

SEEDS_PER_BUG = 1_000


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.figures
def test_whatever_happens_in_simulated_worlds_nothing_acknowledged_is_lost() -> None:
    goal = figures.goal("simulated seeds", every_run=2_000, campaign=200_000)
    first, done, answers, wrong = figures.seed(), 0, 0, []
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for outcome in pool.imap_unordered(attempt, range(first, first + goal.count), chunksize=20):
            done += 1
            answers += outcome.answers
            if outcome.complaints:
                wrong.append(outcome)
            if goal.time_is_up():
                break
    goal.reached(done, len(wrong), f"{answers:,} requests answered, from seed {first}")
    assert not wrong, "\n".join(map(shown, wrong[:10]))
    assert goal.enough(done)


def test_the_same_seed_is_the_same_run() -> None:
    first = figures.seed()
    for seed in range(first, first + 10):
        assert simulate(seed) == simulate(seed), f"EVERSTORE_SEED={seed}"


def attempt(seed: int) -> Outcome:
    try:
        return simulate(seed)
    except Exception as error:  # noqa: BLE001 - whatever leaves the product, it belongs to this seed
        return Outcome(seed, 0, 0, 0, (f"{type(error).__name__}: {error!r}",))


def shown(outcome: Outcome) -> str:
    again = f"EVERSTORE_SEED={outcome.seed} .venv/bin/python -m pytest tests/simulation"
    return "\n  ".join([again, *outcome.complaints[:5]])


def logs_only(self: GroupCommit, _entries: list[object]) -> None:
    """Does not take back in the log what the journals had no room for."""


def answers_before_it_is_written(self: Store) -> list[object]:
    answers = self._batch.take(set())
    self._batch.changed.clear()
    return answers


def forgets_to_turn_the_marker(self: JournalFiles, name: bytes, base: int, data: bytes) -> None:
    fd = self._descriptor(name)
    self._disk.write(self._create(name) if fd is None else fd, base, data)


def answers_nothing_of_a_dead_worker(_self: Client, _worker: int, _successor: bool) -> tuple[int, bytes]:
    return 0, b""


def says_that_all_is_well(_self: Switchboard, _link: WorkerLink) -> int:
    return 0


def replays_nothing(*_: object) -> Recovered:
    return Recovered(2**40, Remembered())


def begins_again_without_a_checkpoint(self: GroupCommit) -> None:
    self._log.recycle(self.remembered())


def answers_twice(self: Outbox, answers: list[tuple[int, object]]) -> None:
    put(self, [each for answer in answers for each in (answer, answer)])


def sends_all_parts_again(self: Request, errors: bytes) -> None:
    self.behind += errors


def syncs_once_more(self: CommitLog) -> None:
    try:
        sync(self)
    except StorageFailed:
        sync(self)


put, sync = Outbox.put, CommitLog.sync

BUGS: list[tuple[object, str, Callable[..., object]]] = [
    (CommitLog, "sync", lambda _self: None),
    (GroupCommit, "_cancel", logs_only),
    (GroupCommit, "checkpoint", begins_again_without_a_checkpoint),
    (Store, "commit", answers_before_it_is_written),
    (JournalFiles, "append", forgets_to_turn_the_marker),
    (Declared, "conflicting", lambda _self, _types, _opened_at: None),
    (Client, "lost", answers_nothing_of_a_dead_worker),
    (Switchboard, "worker_died", says_that_all_is_well),
    (loop, "recover", replays_nothing),
    (Outbox, "put", answers_twice),
    (Outbox, "credit", lambda _self, _connection, _taken: None),
    (Request, "begin_again", sends_all_parts_again),
    (CommitLog, "sync", syncs_once_more),
    (Outcomes, "find", lambda _self, _outcomes, _sequence, _run: None),
    (Remembered, "add", lambda _self, _batches: None),
    (Ledger, "may_conflict", lambda _self, _journal, _types, _position: False),
    (commit_log, "write_whole", lambda _disk, _path, _data: None),
]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.parametrize(
    ("where", "name", "broken"), BUGS, ids=[f"{name}: {broken.__name__}" for _, name, broken in BUGS]
)
def test_a_bug_that_is_made_on_purpose_is_found(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, broken: Callable[..., object]
) -> None:
    monkeypatch.setattr(where, name, broken)
    with multiprocessing.Pool(os.cpu_count()) as pool:
        assert any(outcome.complaints for outcome in pool.imap_unordered(attempt, range(SEEDS_PER_BUG), chunksize=5))
