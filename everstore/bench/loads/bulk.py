"""The two loads that the original server measured itself with, written and read by the published protocol."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from everstore.bench.contenders import WORKERS
from everstore.bench.dialects.everstore import Reads, Transactions, Written
from everstore.bench.driver import Bounds, Failed, drive
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.servers.everstore import Server, everstore

IN_FLIGHT = 64
WRITTEN = Quantity("events a second, written", is_pictured=True)
READ = Quantity("events a second, read", is_pictured=True)
_TYPE = b"examples.UserCreated"
_EVENT = _TYPE + b' {"username":"pa@speedledger.se","number":%d}'
_rounds = itertools.count()


def sizes(scale: Scale) -> list[tuple[int, int]]:
    """Journals, and events in the one transaction of each."""
    return [(scale.size(6_000, 60), 120), (scale.size(100, 4), scale.size(12_000, 1_200))]


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with ExitStack() as stack:
        servers = {
            durability: stack.enter_context(everstore(scale.directory / durability, WORKERS, durability))
            for durability in ("fsync", "os")
        }
        yield [
            Trial(
                f"Everstore, {durability}",
                f"{journals:,} × {events:,}",
                partial(written_and_read, server, journals, events),
            )
            for journals, events in sizes(scale)
            for durability, server in servers.items()
        ]


def written_and_read(server: Server, journals: int, events: int) -> dict[Quantity, float]:
    """New journals of so many events, then each of them read whole.

    Raises:
        Failed: what was read is not as long as what was written.
    """
    part = next(_rounds)
    names = [b"/load/%d/%d/%d" % (part, number % 10, number) for number in range(journals)]
    text = b"\n".join(_EVENT % number for number in range(events))
    writing = Transactions(server.port, lambda operation: Written(names[operation], _TYPE, text))
    reading = Reads(server.port, names)
    started = time.perf_counter()
    drive(writing, IN_FLIGHT, Bounds(operations=journals))
    between = time.perf_counter()
    drive(reading, IN_FLIGHT, Bounds(operations=journals))
    ended = time.perf_counter()
    if reading.read_bytes != journals * len(text):
        raise Failed(f"{reading.read_bytes} bytes were read, and {journals * len(text)} written")
    return {WRITTEN: journals * events / (between - started), READ: journals * events / (ended - between)}


LOAD = Load(
    "bulk",
    "Journals × events in one transaction each, written, then read whole",
    _trials,
    base_series="Everstore, fsync",
    notes=(f"{IN_FLIGHT} in flight, by the published protocol through the supervisor; {WORKERS} workers",),
)
