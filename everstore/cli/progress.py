"""A progress bar on standard error, when a person looks on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress(label: str, most: int) -> Iterator[Callable[[int], None]]:
    """Gives what counts a bar on from 0 to `most`; without a terminal nothing is shown."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=most, label=label, file=sys.stderr) as bar:
        yield bar.update
