"""The same load with more workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial

from everstore.bench.dialects.everstore import one_event
from everstore.bench.dialects.native import Appends
from everstore.bench.driver import Bounds, drive
from everstore.bench.loads.small import JOURNALS, rates
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.servers.everstore import everstore

WORKERS = (1, 2, 4)
IN_FLIGHT = 256
_BASE = "1 worker"


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with ExitStack() as stack:
        servers = {count: stack.enter_context(everstore(scale.directory / str(count), count)) for count in WORKERS}
        yield [
            Trial("Everstore", _BASE if count == 1 else f"{count} workers", partial(_run, server.port, scale.bounds))
            for count, server in servers.items()
        ]


def _run(port: int, bounds: Bounds) -> dict[Quantity, float]:
    return rates(drive(Appends(port, one_event(JOURNALS), JOURNALS), IN_FLIGHT, bounds))


LOAD = Load(
    "workers",
    f"Durable transactions of one event, {IN_FLIGHT} in flight, over {JOURNALS:,} journals",
    _trials,
    base_at=_BASE,
)
