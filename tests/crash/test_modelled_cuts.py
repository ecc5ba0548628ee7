"""The power fails at any call of the store's, in a model of a disk that keeps as little as a real one may."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from crash.modelled import Model, Tally
from support import figures

from everstore.engine.group_commit import GroupCommit
from everstore.storage import recovery
from everstore.storage.commit_log import CommitLog

SEEN_ON_REAL_FILE_SYSTEMS = {
    "empty",
    "zeros only",
    "ends in a marker",
    "an old marker not turned, ends in a marker",
    "cut short",
    "zeros at the end",
    "zeros inside",
}
"""Of tests/crash/test_power_cuts.py: what it has printed so far."""


def modelled(seed: int) -> Tally:
    with tempfile.TemporaryDirectory() as directory:
        return Model(seed, Path(directory)).run()


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.figures
def test_whatever_a_power_cut_leaves_of_a_modelled_disk_holds_all_that_was_acknowledged() -> None:
    goal = figures.goal("modelled crash states", every_run=100_000, campaign=10_000_000)
    first, done, second = figures.seed(), 0, 0
    wrong: list[str] = []
    kinds: Counter[str] = Counter()
    with multiprocessing.Pool(os.cpu_count()) as pool:
        for tally in pool.imap_unordered(modelled, range(first, first + goal.count)):
            done += tally.states
            second += tally.second_cuts
            wrong += tally.wrong
            kinds.update(tally.kinds)
            if goal.enough(done) or wrong:
                break
        pool.terminate()
    goal.reached(done, len(wrong), f"{second:,} of them cuts of a recovery; from seed {first}")
    assert wrong == []
    assert goal.enough(done)
    assert set(kinds) >= SEEN_ON_REAL_FILE_SYSTEMS, "the model is no kinder than what real ones do"


def _nothing(*_: object, **__: object) -> int:
    return 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "name", "broken"),
    [
        (CommitLog, "sync", _nothing),
        (recovery, "replay", _nothing),
        (GroupCommit, "checkpoint", lambda self: self._log.recycle(self.remembered())),
    ],
    ids=["the log is not synced", "nothing is replayed", "a checkpoint syncs nothing"],
)
def test_the_model_finds_what_is_broken_on_purpose(
    monkeypatch: pytest.MonkeyPatch, where: object, name: str, broken: Callable[..., object]
) -> None:
    monkeypatch.setattr(where, name, broken)
    assert any(modelled(seed).wrong for seed in range(10))
