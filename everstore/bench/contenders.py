"""Who is measured: Everstore by both of its protocols and through its adapter, and the peers that are installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

from everstore.bench.adapter import drive_adapter
from everstore.bench.dialects.everstore import Transactions, one_event
from everstore.bench.dialects.native import Appends
from everstore.bench.dialects.nats import Nats
from everstore.bench.dialects.postgresql import PostgreSql
from everstore.bench.dialects.redis import Redis
from everstore.bench.driver import Bounds, Dialect, Run, drive
from everstore.bench.servers import nats, postgresql, redis
from everstore.bench.servers.everstore import everstore

WORKERS = os.cpu_count() or 1
"""Of Everstore: what it starts by itself."""


class Served(NamedTuple):
    """A contender that runs. `transactions` takes how many are in flight, and for how long; `one_each` does the same
    with a connection for each of them, where its client can do so.
    """

    pid: int
    transactions: Callable[[int, Bounds], Run]
    one_each: Callable[[int, Bounds], Run] | None = None


class Contender(NamedTuple):
    """`serve(directory, journals)` starts it. `note` is what a reader must know of its figures. `missing` is the
    Debian package that it lacks, if it lacks one.
    """

    name: str
    title: str
    note: str
    serve: Callable[[Path, int], AbstractContextManager[Served]]
    missing: str = ""


EVERSTORE = "Everstore"


def contenders(directory: Path) -> list[Contender]:
    """All of them; Everstore by its native protocol is the first, and what the others are compared with."""
    always = bool(nats.found()) and nats.can_sync_always(directory / "nats-config")
    return [
        Contender(
            "everstore",
            EVERSTORE,
            "native appends over a lane to each worker, spoken by the same small client as the peers'; those that "
            "begin together share a request",
            _native,
        ),
        Contender(
            "published",
            "Everstore, version 1",
            "the published protocol: a transaction is opened, then committed in a second request",
            _published,
        ),
        Contender(
            "adapter",
            "Everstore, adapter",
            "through the Python adapter's pipeline, as programs use it",
            _adapter,
        ),
        Contender(
            "postgresql",
            "PostgreSQL",
            "one prepared INSERT and commit each, with a unique position per journal; fsync and synchronous_commit on; "
            "one connection for each transaction in flight",
            _postgresql,
            "" if postgresql.found() else postgresql.PACKAGE,
        ),
        Contender(
            "redis",
            "Redis",
            "one XADD each, appendonly yes, appendfsync always; it checks no position",
            _redis,
            "" if redis.found() else redis.PACKAGE,
        ),
        Contender(
            "nats",
            "NATS JetStream" if always else "NATS JetStream, not synced",
            "each message is synced before it is acknowledged (sync_interval: always)"
            if always
            else "its messages are NOT on the disk when it acknowledges them: it syncs at intervals, and the installed "
            "version cannot be told to sync each",
            _nats_always if always else _nats,
            "" if nats.found() else nats.PACKAGE,
        ),
    ]


def _served(pid: int, dialect: Dialect) -> Served:
    return Served(
        pid,
        lambda in_flight, bounds: drive(dialect, in_flight, bounds),
        lambda in_flight, bounds: drive(dialect, in_flight, bounds, one_each=True),
    )


@contextmanager
def _native(directory: Path, journals: int) -> Iterator[Served]:
    with everstore(directory, WORKERS) as server:
        yield _served(server.process.pid, Appends(server.port, one_event(journals), journals))


@contextmanager
def _published(directory: Path, journals: int) -> Iterator[Served]:
    with everstore(directory, WORKERS) as server:
        yield _served(server.process.pid, Transactions(server.port, one_event(journals)))


@contextmanager
def _adapter(directory: Path, journals: int) -> Iterator[Served]:
    with everstore(directory, WORKERS) as server:
        yield Served(
            server.process.pid,
            lambda in_flight, bounds: drive_adapter(server.port, journals, in_flight, bounds),
        )


@contextmanager
def _postgresql(directory: Path, journals: int) -> Iterator[Served]:
    with postgresql.postgresql(directory) as (port, pid):
        dialect = PostgreSql(port, postgresql.user(), journals)
        dialect.make_table()
        yield _served(pid, dialect)


@contextmanager
def _redis(directory: Path, journals: int) -> Iterator[Served]:
    with redis.redis(directory) as (port, pid):
        dialect = Redis(port, journals)
        yield _served(pid, dialect)


def _nats(directory: Path, journals: int) -> AbstractContextManager[Served]:
    return _nats_served(directory, journals, sync_always=False)


def _nats_always(directory: Path, journals: int) -> AbstractContextManager[Served]:
    return _nats_served(directory, journals, sync_always=True)


@contextmanager
def _nats_served(directory: Path, journals: int, sync_always: bool) -> Iterator[Served]:
    with nats.nats(directory, sync_always) as (port, pid):
        dialect = Nats(port, journals)
        dialect.make_stream()
        yield _served(pid, dialect)
