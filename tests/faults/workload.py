"""The life of one server process, from the lock on the directory to its end, with all that it does to files."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from random import Random

from faults.clients import Clients
from support.embedded import Embedded

from everstore import limits
from everstore.errors import ConfigError, NoSpace, StorageFailed
from everstore.storage.directory import are_of_a_run_with, claim, commit_logs, sign
from everstore.storage.disk import Disk
from everstore.storage.recovery import boot_id

_RUNS = count(1)
NAMES = [b"/a", b"/b/c", b"/b/d/e", b"/f"]
LEAVES = (StorageFailed, NoSpace, ConfigError, OSError)
"""What a process may end with when its disk fails; anything else is a bug."""


def start(directory: Path, durable: bool = True) -> Embedded:
    """As the server does it, with one worker."""
    boot_id.cache_clear()
    path = str(directory)
    lock = claim(path, "a server")
    sign(lock, "a server that listens")
    logs = commit_logs(path)
    assert are_of_a_run_with(path, logs, 1) in (True, False)
    return Embedded(directory, Disk(path), durable, logs=sorted({1, *logs}), run=next(_RUNS))


def serve(store: Embedded, clients: Clients, seed: int) -> None:
    """Every kind of request, commits that meet in a batch, new folders, long reads, a log that fills up, files that
    are closed and opened again.
    """
    chance = Random(seed)
    names = chance.sample(NAMES, len(NAMES))
    clients.append(store, names[0], names[1])
    a, b, c = names[:3]
    on = clients.open(store, a, a, b, c)
    clients.commit(store, *[(each, b"t", clients.event()) for each in on])
    clients.roll_back(store, *clients.open(store, a, c))
    long = clients.open(store, b)
    clients.commit(store, *[(each, b"long", clients.event(70_000)) for each in long])
    clients.read(store, b)
    clients.ask_around(store, *names)
    rest_a_while(store)
    clients.append_natively(store, a, a, c)
    for _ in range(chance.randrange(2, 4)):
        clients.append(store, *chance.sample(names, 3))
    clients.read(store, chance.choice(names))
    fill_log(store, clients, a)
    clients.append(store, *names)
    clients.append_natively(store, *names)


def rest_a_while(store: Embedded) -> None:
    """Until nothing is in use any more."""
    store.store.end_connection(1)
    store.clock.seconds += limits.IDLE_JOURNAL_S + 1
    store.store.look_after()


def fill_log(store: Embedded, clients: Clients, name: bytes) -> None:
    """Until the log begins anew, as the log of a test is small."""
    for on in clients.open(store, name, name, name):
        clients.commit(store, (on, b"only %d" % on.uid, clients.event(limits.COMMIT_LOG_BYTES // 3)))
