"""Numbers of several runs: their median, and how far they spread."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import NamedTuple


class Spread(NamedTuple):
    """The median and the quartiles of some runs."""

    median: float
    low: float
    high: float


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value that such a share of the values stays below, of at least one."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value; the quartiles of fewer than three are their ends."""
    if len(values) < 3:
        return Spread(statistics.median(values), min(values), max(values))
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)
