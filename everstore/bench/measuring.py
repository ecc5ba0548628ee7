"""Runs of several trials in turn (A B C A B C …), so that what slows the machine for a while slows all of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from everstore.bench.contenders import Contender
from everstore.bench.driver import Bounds, Failed
from everstore.bench.figures import Spread, spread


class Quantity(NamedTuple):
    """What a number is, with its unit, and whether it goes into the picture."""

    name: str
    digits: int = 0
    is_pictured: bool = False


class Scale(NamedTuple):
    """How much is done. `directory`: where the data goes. `quick`: small sizes, whose figures say nothing. `at`: the
    one column to be measured, or empty for all.
    """

    directory: Path
    contenders: list[Contender]
    bounds: Bounds
    repeats: int
    quick: bool
    at: str = ""

    def size(self, full: int, quick: int) -> int:
        return quick if self.quick else full


class Trial(NamedTuple):
    """One row and column of a table; each run of it gives a number for each quantity."""

    series: str
    at: str
    run: Callable[[], dict[Quantity, float]]


class Load(NamedTuple):
    """`trials` starts what it measures. Each figure is also given as a ratio to that of the series `base_series`, or of
    the column `base_at`.
    """

    name: str
    title: str
    trials: Callable[[Scale], AbstractContextManager[Sequence[Trial]]]
    base_series: str = ""
    base_at: str = ""
    notes: Sequence[str] = ()


class Figure(NamedTuple):
    """The values of all runs, in their order, and their ratios to the base's runs of the same rounds, if it has one."""

    series: str
    at: str
    quantity: Quantity
    values: list[float]
    ratios: list[float]

    @property
    def spread(self) -> Spread:
        return spread(self.values)

    @property
    def ratio(self) -> float | None:
        """The median ratio; None where there is nothing to compare with."""
        return spread(self.ratios).median if self.ratios else None


class Measured(NamedTuple):
    load: Load
    figures: list[Figure]


def measure(load: Load, scale: Scale, say: Callable[[str], None]) -> Measured:
    """Run all trials of a load so often, in turn.

    Raises:
        Failed: one of them could not be run, or none is to be.
    """
    values: dict[tuple[str, str, Quantity], list[float]] = {}
    with load.trials(scale) as everything:
        trials = [trial for trial in everything if scale.at in ("", trial.at)]
        if not trials:
            raise Failed(f"it has no column {scale.at!r}, but {', '.join(dict.fromkeys(t.at for t in everything))}")
        for number in range(scale.repeats):
            for trial in trials:
                if not scale.quick:
                    # What the one before left to be written back must not be paid for by this one.
                    os.sync()
                say(f"{load.name}: round {number + 1} of {scale.repeats}: {trial.series}, {trial.at}")
                for quantity, value in trial.run().items():
                    values.setdefault((trial.series, trial.at, quantity), []).append(value)
    return Measured(load, [_figure(load, key, values) for key in values])


def _figure(load: Load, key: tuple[str, str, Quantity], values: dict[tuple[str, str, Quantity], list[float]]) -> Figure:
    series, at, quantity = key
    base = (load.base_series or series, load.base_at or at, quantity)
    pairs = zip(values[key], values.get(base, ()), strict=False)
    return Figure(
        series, at, quantity, values[key], [] if base == key else [one / other for one, other in pairs if other]
    )
