"""Random clients against a model: every size, every verdict on a conflict, every read, and in the end every file."""

from __future__ import annotations

import os
import random
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.model import Model
from support.server import RunningServer
from support.wire import Client, Opened

pytestmark = pytest.mark.slow

STEPS = 6000
NAMES = [b"/a", b"/a/b", b"/b", b"/deep/er/c", b"/d"]
TYPES = [b"t.%d" % number for number in range(6)] + [b"ES_NewJournal"]


class Run:
    def __init__(self, seed: int, clients: list[Client]) -> None:
        self.random = random.Random(seed)
        self.clients = clients
        self.model = Model()
        self.open: list[tuple[Client, Opened]] = []
        self.written = 0

    def step(self) -> None:
        steps = [self.begin, self.begin, self.commit, self.commit, self.commit, self.roll_back, self.read, self.exists]
        self.random.choice(steps)()

    def begin(self) -> None:
        client, name = self.random.choice(self.clients), self.random.choice(NAMES)
        opened = client.open(name)
        assert opened.size == self.model.journal(name).size
        self.open.append((client, opened))

    def commit(self) -> None:
        if not self.open:
            return
        _, on = self.open.pop(self.random.randrange(len(self.open)))
        types = frozenset(self.random.sample(TYPES, self.random.randrange(4)))
        events = [self.event() for _ in range(self.random.choice([0, 1, 1, 2, 5]))]
        separator = self.random.choice([b",", b"\n"])
        committed = self.random.choice(self.clients).commit(on, *events, types=separator.join(types))
        expected = self.model.commit(on.name, on.size, types, b"\n".join(events))
        assert committed == (expected, self.model.journal(on.name).size), (on, types)

    def event(self) -> bytes:
        self.written += 1
        return b"t.0 %d%s" % (self.written, b"x" * self.random.choice([0, 10, 300, 20_000]))

    def roll_back(self) -> None:
        if self.open:
            client, on = self.open.pop(self.random.randrange(len(self.open)))
            assert client.rollback(on) == b"\1"

    def read(self) -> None:
        if self.open:
            _, on = self.random.choice(self.open)
            journal = self.model.journal(on.name)
            sizes = [0] + [size for _, _, size in journal.commits if size <= on.size]
            since = self.random.choice(sizes)
            assert self.random.choice(self.clients).read(on, since, on.size) == journal.text(since, on.size)

    def exists(self) -> None:
        name = self.random.choice(NAMES)
        assert self.random.choice(self.clients).exists(name) == bool(self.model.journal(name).commits)


@pytest.mark.parametrize("workers", [1, 3])
def test_random_clients_see_what_the_model_says(tmp_path: Path, workers: int) -> None:
    seed = int(os.environ.get("EVERSTORE_TEST_SEED") or random.randrange(2**32))
    print(f"EVERSTORE_TEST_SEED={seed} repeats this run")  # noqa: T201 - pytest shows it when the test fails
    with RunningServer(tmp_path / "journals", workers=workers, durability="os") as server, ExitStack() as stack:
        run = Run(seed, [stack.enter_context(Client(server.port)) for _ in range(4)])
        for _ in range(STEPS):
            run.step()
    for name, journal in run.model.journals.items():
        path = tmp_path / "journals" / (name[1:].decode() + ".log")
        data = path.read_bytes() if path.exists() else b""
        assert len(data) == journal.size
        lines = data[:-1].split(b"\n") if data else []
        assert b"\n".join(line[24:] for line in lines) == journal.text(0, journal.size)
        assert [line[:24] for line in lines] == sorted(line[:24] for line in lines)
