"""What was measured as text: Markdown that is aligned, so that a terminal shows it well, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from everstore.bench.figures import Spread
from everstore.bench.measuring import Figure, Measured, Quantity

T = TypeVar("T")


def number(value: float, digits: int) -> str:
    """With its thousands separated."""
    return f"{value:,.{digits}f}"


def cell(figure: Figure) -> str:
    """The median, the quartiles, and the ratio to the base."""
    digits = figure.quantity.digits
    median, low, high = figure.spread
    text = number(median, digits)
    if len(figure.values) > 1:
        text += f" ({_range(Spread(median, low, high), digits)})"
    return text if figure.ratio is None else f"{text} ×{figure.ratio:.2f}"


def tables(measured: Measured) -> str:
    """A heading, a table for each quantity, and what must be known of them."""
    load = measured.load
    quantities = in_order(figure.quantity for figure in measured.figures)
    parts = [f"## {load.name}: {load.title}", *(_table(measured.figures, quantity) for quantity in quantities)]
    base = load.base_series or load.base_at
    notes = [*load.notes, *([f"× is the ratio to {base}: the median of the ratios of each round"] if base else [])]
    return "\n\n".join([*parts, *(["\n".join(f"- {note}" for note in notes)] if notes else [])])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    head, *body = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in rows]
    return "\n".join([head, "| " + " | ".join("-" * width for width in widths) + " |", *body])


def _table(figures: Sequence[Figure], quantity: Quantity) -> str:
    mine = [figure for figure in figures if figure.quantity == quantity]
    columns = in_order(figure.at for figure in mine)
    cells = {(figure.series, figure.at): cell(figure) for figure in mine}
    rows = [[series, *(cells.get((series, at), "–") for at in columns)] for series in in_order(f.series for f in mine)]
    return aligned([[quantity.name, *columns], *rows])


def _range(spread: Spread, digits: int) -> str:
    return f"{number(spread.low, digits)} – {number(spread.high, digits)}"


def in_order(values: Iterable[T]) -> list[T]:
    """Each value once, where it came first."""
    return list(dict.fromkeys(values))
