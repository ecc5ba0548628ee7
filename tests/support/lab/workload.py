"""A real server writes to journals on the logging device, is killed, and what it acknowledged when is known."""

from __future__ import annotations

import ctypes
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from support import frames
from support.server import RunningServer
from support.wire import Client, committed, opened

LOG_BYTES = 32 * 1024
"""Of a commit log: some ten batches fill it."""
ROUNDS = 14
HERE = Path(__file__).parent
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Commit:
    """One transaction's events, as sent. `log_end`: how long the device's log was when its answer had come."""

    journal: bytes
    events: tuple[bytes, ...]
    log_end: int


@dataclass(slots=True)
class Done:
    """What was committed, in order for each journal."""

    commits: dict[bytes, list[Commit]] = field(default_factory=dict)


def run(journals: Path, log: Path, durability: str, rng: random.Random) -> Done:
    """Commit for some rounds, several transactions on each journal in one batch, on old journals and new ones."""
    done = Done()
    path = os.pathsep.join([str(HERE / "small_log"), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = {**os.environ, "PYTHONPATH": path, "EVERSTORE_TEST_LOG_BYTES": str(LOG_BYTES)}
    with RunningServer(journals, env=env, workers=2, durability=durability) as server:
        with Client(server.port) as client, _others_sync(journals, rng):
            for number in range(ROUNDS):
                _round(client, number, log, done, rng)
        server.crash()
    return done


def _round(client: Client, number: int, log: Path, done: Done, rng: random.Random) -> None:
    names = [b"/a", b"/b/c", b"/b/d", b"/e/f/g", b"/new/%d/h" % (number // 4)]
    chosen = rng.sample(names, rng.randrange(1, len(names) + 1)) * rng.choice((1, 1, 3))
    client.send(*[frames.open_transaction(name, uid) for uid, name in enumerate(chosen)])
    replies = sorted(client.receive_many(len(chosen)), key=lambda reply: reply.uid)
    requests, sent = [], {}
    for name, reply in zip(chosen, replies, strict=True):
        on = opened(name, reply)
        parts = rng.choice((1, 1, 2, 5))
        events = tuple(
            b"t %d.%d %d/%d %s" % (number, reply.uid, part, parts, b"x" * rng.choice((0, 10, 300, rng.randrange(3000))))
            for part in range(parts)
        )
        sent[reply.uid] = (name, events)
        requests.append(frames.commit(name, on.worker, on.transaction, b"", b"\n".join(events), reply.uid))
    client.send(*requests)
    answers = client.receive_many(len(chosen))
    assert all(committed(answer).succeeded for answer in answers)
    log_end = log.stat().st_size
    # One journal's answers come in the order of its commits.
    for answer in answers:
        name, events = sent[answer.uid]
        done.commits.setdefault(name, []).append(Commit(name, events, log_end))


@contextmanager
def _others_sync(journals: Path, rng: random.Random) -> Iterator[None]:
    """Somebody else syncs the file system now and then, at moments that the server does not choose."""
    ended = threading.Event()
    fd = os.open(journals, os.O_RDONLY | os.O_DIRECTORY)

    def sync() -> None:
        while not ended.wait(rng.random() * 0.03):
            _libc.syncfs(fd)

    thread = threading.Thread(target=sync)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        os.close(fd)
