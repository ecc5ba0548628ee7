"""What was measured for programs: JSON with every run's value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from everstore.bench.measuring import Figure, Measured


def document(facts: dict[str, str], notes: Sequence[str], measured: Sequence[Measured]) -> str:
    """All of it. `ratio` is null for the base itself and where there is none; `runs` are in the order of the rounds."""
    return json.dumps({"machine": facts, "notes": list(notes), "loads": [_load(each) for each in measured]}, indent=2)


def _load(measured: Measured) -> dict[str, Any]:
    load = measured.load
    return {
        "name": load.name,
        "title": load.title,
        "notes": list(load.notes),
        "ratios_to": load.base_series or load.base_at or None,
        "figures": [_figure(each) for each in measured.figures],
    }


def _figure(figure: Figure) -> dict[str, Any]:
    median, low, high = figure.spread
    return {
        "series": figure.series,
        "at": figure.at,
        "quantity": figure.quantity.name,
        "median": median,
        "quartiles": [low, high],
        "ratio": figure.ratio,
        "runs": figure.values,
    }
