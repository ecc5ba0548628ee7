"""A progress bar on standard error, when a person looks on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TypeVar

import click

T = TypeVar("T")


def progress(items: Sequence[T], label: str) -> click._termui_impl.ProgressBar[T]:
    """`items`, counted on the screen while they are iterated in a `with`; without a terminal nothing is shown."""
    return click.progressbar(items, label=label, file=sys.stderr, hidden=not sys.stderr.isatty(), show_pos=True)
