"""Many small durable transactions: what an event store does all day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from everstore.bench.contenders import EVERSTORE
from everstore.bench.driver import Bounds, Run
from everstore.bench.measuring import Load, Quantity, Scale, Trial

IN_FLIGHT = (1, 16, 64, 256)
CROWD = 256
JOURNALS = 1_000
RATE = Quantity("transactions a second", is_pictured=True)
MEDIAN_LATENCY = Quantity("latency p50, ms", digits=2)
LATE = Quantity("latency p99, ms", digits=2)


def rates(run: Run) -> dict[Quantity, float]:
    """The three numbers of a run of transactions."""
    return {RATE: run.rate, MEDIAN_LATENCY: 1000 * run.latency(0.5), LATE: 1000 * run.latency(0.99)}


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with ExitStack() as stack:
        served = {
            each: stack.enter_context(each.serve(scale.directory / each.name, JOURNALS)) for each in scale.contenders
        }
        pipelined = [
            Trial(each.title, f"{in_flight} in flight", partial(_run, to.transactions, in_flight, scale.bounds))
            for in_flight in IN_FLIGHT
            for each, to in served.items()
        ]
        crowded = [
            Trial(each.title, f"{CROWD} connections", partial(_run, to.one_each, CROWD, scale.bounds))
            for each, to in served.items()
            if to.one_each
        ]
        yield pipelined + crowded


def _run(transactions: Callable[[int, Bounds], Run], in_flight: int, bounds: Bounds) -> dict[Quantity, float]:
    return rates(transactions(in_flight, bounds))


LOAD = Load(
    "small",
    f"Durable transactions of one event, over {JOURNALS:,} journals",
    _trials,
    base_series=EVERSTORE,
    notes=(
        "in flight: over four connections at most; PostgreSQL does one transaction at a time on each, and has as many",
        f"{CROWD} connections: as many in flight, one on each, as with a pool of blocking clients",
    ),
)
