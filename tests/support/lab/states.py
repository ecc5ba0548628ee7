"""Which of the writes behind the last flush a power cut may keep, and how torn."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import combinations
from typing import TypeAlias

from support.lab.recording import Write

SECTOR_BYTES = 512
ALL_SUBSETS_UP_TO = 7
RANDOM_ONES = 60
TEARS = 40

State: TypeAlias = tuple[Write, ...]
"""The writes that are kept of one epoch, in order; a torn one only with the sectors that are."""


def states(writes: list[Write], rng: random.Random) -> Iterator[State]:
    """Every legal state of a few writes; of many, those that most often matter, and random ones. No state twice."""
    seen: set[tuple[tuple[int, bytes], ...]] = set()
    for state in _states(writes, rng):
        key = tuple((write.offset, write.data) for write in state)
        if key not in seen:
            seen.add(key)
            yield state


def _states(writes: list[Write], rng: random.Random) -> Iterator[State]:
    count = len(writes)
    if count <= ALL_SUBSETS_UP_TO:
        for size in range(count + 1):
            yield from combinations(writes, size)
    else:
        for at in range(count + 1):
            yield tuple(writes[:at])
        for at in range(count):
            yield (*writes[:at], *writes[at + 1 :])
            yield (writes[at],)
        for _ in range(RANDOM_ONES):
            yield tuple(write for write in writes if rng.random() < 0.5)
    for _ in range(min(TEARS, 4 * count)):
        yield _torn(writes, rng)


def _torn(writes: list[Write], rng: random.Random) -> State:
    """One write keeps only some of its sectors: a first part, or any of them; the others are there or not."""
    torn = rng.randrange(len(writes))
    kept: list[Write] = []
    for at, write in enumerate(writes):
        if at == torn:
            kept += _some_sectors(write, rng)
        elif rng.random() < 0.7:
            kept.append(write)
    return tuple(kept)


def _some_sectors(write: Write, rng: random.Random) -> list[Write]:
    starts = range(0, len(write.data), SECTOR_BYTES)
    if rng.random() < 0.5:
        chosen = list(starts[: rng.randrange(len(starts) + 1)])
    else:
        chosen = [start for start in starts if rng.random() < 0.5]
    return [Write(write.offset + start, write.data[start : start + SECTOR_BYTES]) for start in chosen]
