"""What each process holds at the peak of the loads: looked at again and again while they run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from everstore.bench.contenders import EVERSTORE, Served
from everstore.bench.driver import Bounds
from everstore.bench.loads import bulk, small
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.memory import Peak, watched
from everstore.bench.servers.everstore import Server, everstore

SEED_WORKERS = 5
FIRST = Quantity("private memory (USS) of the first process, MiB", digits=2)
LARGEST = Quantity("private memory (USS) of the largest other process, MiB", digits=2)
ALL = Quantity("memory of all processes (PSS), MiB", digits=1)
_MIB = 1 << 20


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with ExitStack() as stack:
        served = {
            each.title: stack.enter_context(each.serve(scale.directory / each.name, small.JOURNALS))
            for each in scale.contenders
        }
        server = stack.enter_context(everstore(scale.directory / "seed", SEED_WORKERS))
        yield [
            *(
                Trial(title, f"small, {n} in flight", partial(_small, to, n, scale.bounds))
                for n in (1, 256)
                for title, to in served.items()
            ),
            *(
                Trial(EVERSTORE, f"bulk, {journals:,} × {events:,}", partial(_bulk, server, journals, events))
                for journals, events in bulk.sizes(scale)
            ),
        ]


def _small(to: Served, in_flight: int, bounds: Bounds) -> dict[Quantity, float]:
    with watched(to.pid) as peak:
        to.transactions(in_flight, bounds)
    return _figures(peak)


def _bulk(server: Server, journals: int, events: int) -> dict[Quantity, float]:
    with watched(server.process.pid) as peak:
        bulk.written_and_read(server, journals, events)
    return _figures(peak)


def _figures(peak: Peak) -> dict[Quantity, float]:
    figures = {FIRST: peak.first / _MIB, ALL: peak.all / _MIB}
    return {**figures, LARGEST: peak.largest / _MIB} if peak.largest else figures


LOAD = Load(
    "memory",
    "Memory at the peak of the loads",
    _trials,
    base_series=EVERSTORE,
    notes=(
        "the first process is Everstore's supervisor, PostgreSQL's postmaster; the others are workers and backends",
        f"Everstore runs `small` with as many workers as processors, `bulk` with {SEED_WORKERS}",
        "PSS counts a page that several processes share once, divided among them",
    ),
)
