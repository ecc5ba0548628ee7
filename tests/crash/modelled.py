"""Power cuts in a model of a disk (simulation/disk.py), by the rules that the real file systems keep: at any call of
the real store's, any mixture of old and new sectors, the old or the new size, the old or the new names.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

from simulation.disk import Mapping, Platter, SimulatedDisk
from support.embedded import Embedded, committed, committing, opened, opening
from support.lab.verdict import kind_of, wrongs_of
from support.lab.workload import Commit

from everstore import limits, log
from everstore.journal.names import path_of
from everstore.storage import recovery, repair, replay
from everstore.storage.trust import DAMAGED

NAMES = [b"/a", b"/b/c", b"/b/d", b"/e/f"]
BATCHES = 12
CUTS_AT_A_CALL = 2
CHANGES = frozenset({"write", "written", "create", "truncate", "sync", "synced", "append", "remove", "allocate"})
NEVER = 2**62
MACHINES = (b"the first start", b"the next start")


class Cut(Exception):
    """The power fails in the middle of a recovery."""


@dataclass(slots=True)
class Tally:
    """What came of one seed's states: `seconds` are cuts of a recovery."""

    seed: int
    states: int = 0
    second_cuts: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


class Model:
    """A store on a modelled disk, cut off at every call that changes something."""

    def __init__(self, seed: int, directory: Path) -> None:
        self.tally = Tally(seed)
        self._chance = Random(seed)
        self._directory = directory
        self._durable = self._chance.random() < 0.75
        self._platter = Platter(self._chance, count(1).__next__)
        self._acknowledged: dict[bytes, list[Commit]] = {name: [] for name in NAMES}
        self._under_way: dict[bytes, list[Commit]] = {}

    def run(self) -> Tally:
        with _small_world(MACHINES[0]), _mapped(self._platter):
            store = self._store(self._platter, self._cut_here)
            for number in range(BATCHES):
                self._batch(store, number)
                self._somebody_else_syncs()
        return self.tally

    def _store(self, platter: Platter, interrupt: Callable[[str], None]) -> Embedded:
        disk: Any = SimulatedDisk(platter, interrupt)
        return Embedded(self._directory, disk, self._durable, logs=[1])

    def _batch(self, store: Embedded, number: int) -> None:
        chosen = self._chance.sample(NAMES, self._chance.randrange(1, 4))
        on = [opened(name, store.ask(opening(name))[0]) for name in chosen]
        events = [
            tuple(
                b"t %d.%d.%d %s" % (number, place, part, b"x" * self._chance.choice((1, 60, 500, 1400)))
                for part in range(self._chance.choice((1, 1, 3)))
            )
            for place in range(len(chosen))
        ]
        self._under_way = {name: [Commit(name, sent, NEVER)] for name, sent in zip(chosen, events, strict=True)}
        answers = store.ask(*[committing(each, b"t", b"\n".join(sent)) for each, sent in zip(on, events, strict=True)])
        assert all(committed(answer)[0] for answer in answers)
        self._under_way = {}
        for name, sent in zip(chosen, events, strict=True):
            self._acknowledged[name].append(Commit(name, sent, 0 if self._durable else NEVER))

    def _somebody_else_syncs(self) -> None:
        for path in sorted(self._platter.files):
            if self._chance.random() < 0.2:
                self._platter.files[path].sync()

    def _cut_here(self, what: str) -> None:
        if what in CHANGES:
            for _ in range(CUTS_AT_A_CALL):
                self._judge(copy.deepcopy(self._platter), what)

    def _judge(self, platter: Platter, what: str) -> None:
        platter.chance = Random(self._chance.random())
        platter.open.clear()
        platter.cut_power()
        self.tally.states += 1
        self.tally.kinds.update(
            kind_of(bytes(file.data)) for path, file in platter.files.items() if path.endswith(".log")
        )
        with _small_world(MACHINES[1]), _mapped(platter):
            if platter.chance.random() < 0.3:
                self._recover_cut_off(platter)
            store = self._store(platter, lambda _: None)
            for name in NAMES:
                store.open(name)  # A journal in doubt is repaired when it is first used.
        wrong = [f"damage was noted: {bytes(platter.files[DAMAGED].data)!r}"] if DAMAGED in platter.files else []
        for name in NAMES:
            file = platter.files.get(path_of(name))
            commits = self._acknowledged[name] + self._under_way.get(name, [])
            wrong += wrongs_of(name, bytes(file.data) if file else b"", commits, 0)
        self.tally.wrong += [f"seed {self.tally.seed}, at {what}: {each}" for each in wrong]

    def _recover_cut_off(self, platter: Platter) -> None:
        left = platter.chance.randrange(1, 25)

        def interrupt(_: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                raise Cut

        try:
            self._store(platter, interrupt)
        except Cut:
            self.tally.states += 1
            self.tally.second_cuts += 1
        platter.open.clear()
        platter.cut_power()


@contextmanager
def _small_world(machine: bytes) -> Iterator[None]:
    before = limits.COMMIT_LOG_BYTES, recovery.boot_id, log._logger.disabled  # noqa: SLF001
    limits.COMMIT_LOG_BYTES, recovery.boot_id = 8192, lambda: machine  # type: ignore[assignment]
    log._logger.disabled = True  # noqa: SLF001
    try:
        yield
    finally:
        limits.COMMIT_LOG_BYTES, recovery.boot_id = before[:2]  # type: ignore[assignment]
        log._logger.disabled = before[2]  # noqa: SLF001


@contextmanager
def _mapped(platter: Platter) -> Iterator[None]:
    before: Any = repair.mmap
    repair.mmap = replay.mmap = Mapping(platter)  # type: ignore[assignment]
    try:
        yield
    finally:
        repair.mmap = replay.mmap = before
