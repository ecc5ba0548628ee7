"""One journal that everybody writes to: transactions on different types pass each other, equal ones conflict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from everstore.bench.contenders import WORKERS
from everstore.bench.dialects.everstore import Written
from everstore.bench.dialects.native import Appends
from everstore.bench.driver import Bounds, drive
from everstore.bench.event import DATA, TYPE, journal
from everstore.bench.loads.small import rates
from everstore.bench.measuring import Load, Quantity, Scale, Trial
from everstore.bench.servers.everstore import everstore

WRITERS = 64
CONFLICTS = Quantity("conflicts for each transaction", digits=2)
_TYPES = 1_024
"""Of the disjoint ones: so many more than writers that two of the same are hardly ever in flight."""


@contextmanager
def _trials(scale: Scale) -> Iterator[Sequence[Trial]]:
    with everstore(scale.directory / "journals", WORKERS) as server:
        yield [
            Trial("Everstore", f"{kind} types", partial(_run, server.port, types, scale.bounds))
            for kind, types in (("disjoint", _TYPES), ("equal", 1))
        ]


def _run(port: int, types: int, bounds: Bounds) -> dict[Quantity, float]:
    def written(operation: int) -> Written:
        kind = b"%s%d" % (TYPE, operation % types)
        return Written(journal(types), kind, kind + b" " + DATA)

    dialect = Appends(port, written, types, conditional=True)
    run = drive(dialect, WRITERS, bounds, one_each=True)
    # Those of the warm-up count among the conflicts, so they are set against all that was done.
    return {**rates(run), CONFLICTS: dialect.conflicts / max(1, dialect.done)}


LOAD = Load(
    "hot",
    f"{WRITERS} writers on one journal, conflicts tried again at once",
    _trials,
    notes=("a lane for each writer; each append depends on the types that it declares",),
)
