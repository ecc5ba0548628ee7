"""Journals of all sizes: appending to one and reading it whole."""

from __future__ import annotations

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

READ = Quantity("MB a second, read whole")
_TRANSACTION_BYTES = 8 << 20
_FULL = {"1 KB": 1_000, "1 MB": 1_000_000, "1 GB": 1_000_000_000}
_QUICK = {"1 KB": 1_000, "1 MB": 1_000_000}


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with everstore(scale.directory / "journals", WORKERS) as server:
        sizes = _QUICK if scale.quick else _FULL
        for size in sizes.values():
            _fill(server.port, size)
        yield [Trial("Everstore", name, partial(_run, server.port, size, scale.bounds)) for name, size in sizes.items()]


def _name(size: int) -> bytes:
    return b"/size/%d" % size


def _fill(port: int, size: int) -> None:
    whole, rest = divmod(size, _TRANSACTION_BYTES)
    lengths = [_TRANSACTION_BYTES] * whole + [rest] * bool(rest)
    texts = {length: b"\n".join([LINE] * (length // (len(LINE) + 25) + 1)) for length in set(lengths)}
    dialect = Transactions(port, lambda operation: Written(_name(size), TYPE, texts[lengths[operation]]))
    drive(dialect, 1, Bounds(operations=len(lengths)))


def _run(port: int, size: int, bounds: Bounds) -> dict[Quantity, float]:
    appended = drive(Transactions(port, lambda _: Written(_name(size), TYPE, LINE)), 1, bounds)
    reading = Reads(port, [_name(size)])
    started = time.perf_counter()
    drive(reading, 1, Bounds(operations=1))
    return {**rates(appended), READ: reading.read_bytes / 1e6 / (time.perf_counter() - started)}


LOAD = Load(
    "size",
    "Durable transactions of one event, 1 in flight, on one journal of each size, which is then read whole",
    _trials,
    base_at="1 KB",
)
