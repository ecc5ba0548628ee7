"""Journals of all sizes: appending to one and reading it whole."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from everstore.bench.contenders import WORKERS
from everstore.bench.dialects.everstore import Reads, Transactions, Written
from everstore.bench.driver import Bounds, drive
from everstore.bench.event import LINE, TYPE
from everstore.bench.loads.small import rates
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.servers.everstore import everstore

READ = Quantity("read whole over a new connection, ms", digits=1)
_TRANSACTION_BYTES = 8 << 20
_KEPT_BYTES_MIN = 100_000_000
_STAMP_BYTES = len("2015-08-02T16:23:02.580 ") + 1
"""What the server adds to each event, with the newline."""
_FULL = {"1 KB": 1_000, "1 MB": 1_000_000, "1 GB": 1_000_000_000}
_QUICK = {"1 KB": 1_000, "1 MB": 1_000_000}


_journals = itertools.count()


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with everstore(scale.directory / "journals", WORKERS) as server:
        sizes = _QUICK if scale.quick else _FULL
        # Runs add less than a thousandth to the largest, so it is made once; the others would grow to many times their
        # size, and are made anew for each run.
        kept = {size: _filled(server.port, size) for size in sizes.values() if size > _KEPT_BYTES_MIN}
        yield [
            Trial("Everstore", name, partial(_run, server.port, size, kept.get(size), scale.bounds))
            for name, size in sizes.items()
        ]


def _filled(port: int, size: int) -> bytes:
    """The name of a new journal of such a size."""
    name = b"/size/%d" % next(_journals)
    whole, rest = divmod(size, _TRANSACTION_BYTES)
    lengths = [_TRANSACTION_BYTES] * whole + [rest] * bool(rest)
    texts = {length: b"\n".join([LINE] * max(1, length // (len(LINE) + _STAMP_BYTES))) for length in set(lengths)}
    dialect = Transactions(port, lambda operation: Written(name, TYPE, texts[lengths[operation]]))
    drive(dialect, 1, Bounds(operations=len(lengths)))
    return name


def _run(port: int, size: int, kept: bytes | None, bounds: Bounds) -> dict[Quantity, float]:
    name = kept or _filled(port, size)
    started = time.perf_counter()
    drive(Reads(port, [name]), 1, Bounds(operations=1))
    read_s = time.perf_counter() - started
    appended = drive(Transactions(port, lambda _: Written(name, TYPE, LINE)), 1, bounds)
    return {**rates(appended), READ: 1000 * read_s}


LOAD = Load(
    "size",
    "Durable transactions of one event, 1 in flight, on one journal of each size, which is then read whole",
    _trials,
    base_at="1 KB",
)
