"""The same load on ever more journals, and how long a start takes after a crash among so many."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from everstore.bench.contenders import WORKERS
from everstore.bench.dialects.everstore import Transactions, one_event
from everstore.bench.dialects.native import Appends
from everstore.bench.driver import Bounds, drive
from everstore.bench.loads.small import rates
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.servers.everstore import everstore

IN_FLIGHT = 64
TOUCHED = 1_000
START = Quantity("seconds to start after a crash", digits=2)
_BASE = 1_000
_FULL = (100, _BASE, 10_000, 1_000_000)
_QUICK = (100, _BASE)


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    sizes = _QUICK if scale.quick else _FULL
    for journals in sizes:
        _fill(scale.directory / str(journals), journals)
    yield [
        Trial(
            "Everstore",
            f"{journals:,} journals",
            partial(_run, scale.directory / str(journals), journals, scale.bounds),
        )
        for journals in sizes
    ]


def _fill(directory: Path, journals: int) -> None:
    """One event in each: lanes would each go on to journals that have one already. Nobody is to survive a power cut
    here, so it need not be waited for.
    """
    with everstore(directory, WORKERS, "os") as server:
        drive(Transactions(server.port, one_event(journals)), 256, Bounds(operations=journals))


def _run(directory: Path, journals: int, bounds: Bounds) -> dict[Quantity, float]:
    """Touch some, crash, start: until each worker has answered transactions. Then the load."""
    with everstore(directory, WORKERS) as server:
        drive(Appends(server.port, one_event(journals), journals), IN_FLIGHT, Bounds(operations=min(journals, TOUCHED)))
        server.crash()
    started = time.perf_counter()
    with everstore(directory, WORKERS) as server:
        dialect = Appends(server.port, one_event(journals), journals)
        drive(dialect, IN_FLIGHT, Bounds(operations=IN_FLIGHT))
        start_s = time.perf_counter() - started
        return {**rates(drive(dialect, IN_FLIGHT, bounds)), START: start_s}


LOAD = Load(
    "growth",
    f"Durable transactions of one event, {IN_FLIGHT} in flight, on ever more journals",
    _trials,
    base_at=f"{_BASE:,} journals",
    notes=(
        f"the crash: SIGKILL for all processes once {TOUCHED:,} journals (or all, of fewer) were touched",
        f"the start: from the command to {IN_FLIGHT} acknowledged transactions",
    ),
)
