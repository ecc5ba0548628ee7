"""Each attack against a real server, with an honest client at work beside it: the server serves on, what it holds stays
bounded, and afterwards it is as it was before.

An attack takes the machine's processors, too. What that alone costs the honest client is measured with the same attack
on a twin: another server on the same machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from support import figures
from support.attacks import ATTACKS, attacking
from support.honest import Honest
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

pytestmark = [pytest.mark.figures, pytest.mark.slow, pytest.mark.alone]

MIB = 1 << 20
MEMORY = 64 * MIB
GROWTH_BYTES_MAX = 2 * MEMORY
"""Of the supervisor: what clients may hold, and what the kernel's and Python's ways of keeping it take besides."""
RATIO_MAX = 10.0
"""Of the honest client's p99 beside an attack to that before it; the machine's noise is in it. The figure says what it
was."""
ARRIVING_S_MAX = 2.0
"""For a new connection, its login and its first answers, when thousands of others come."""
QUICK_S = 0.05
"""A p99 under this is good enough, whatever the one before was."""


def serving(journals: Path) -> Iterator[RunningServer]:
    with RunningServer(journals, workers=2, max_memory="64MiB") as running:
        with Client(running.port) as client:
            for _ in range(4):
                client.append(b"/large", *[b"t " + b"x" * 1000] * 2000)
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    yield from serving(tmp_path / "journals")


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[RunningServer]:
    yield from serving(tmp_path / "twin")


@pytest.mark.parametrize("name", list(ATTACKS))
def test_an_attack_costs_others_little_and_leaves_nothing_behind(
    server: RunningServer, twin: RunningServer, name: str
) -> None:
    goal = figures.goal(f"honest requests beside the attack {name!r}", every_run=400, campaign=20_000)
    supervisor = psutil.Process(server.pid)
    with closing(Honest(server.port)) as honest:
        before = honest.work(goal.count, lambda: None)
        workers, descriptors, resident = server.worker_pids(), supervisor.num_fds(), [supervisor.memory_info().rss]
        with attacking(name, twin.port):
            aside = honest.work(goal.count, lambda: None)
        with attacking(name, server.port) as attack:
            beside = honest.work(goal.count, lambda: resident.append(supervisor.memory_info().rss))
        until(lambda: supervisor.num_fds() <= descriptors, "its descriptors are closed again")
        assert not honest.wrong
        assert honest.all_is_there()
    growth = max(resident) - resident[0]
    goal.reached(
        goal.count,
        wrong=len(honest.wrong),
        detail=f"p99 {before * 1000:.1f} ms before, {aside * 1000:.1f} ms with it on a twin, {beside * 1000:.1f} ms "
        f"with it here: {beside / aside:.1f} times; "
        f"a new connection {max(honest.arriving_took) * 1000:.0f} ms at most; {attack.done} attempts, "
        f"the supervisor grew by {growth / MIB:.0f} MiB",
    )
    assert server.worker_pids() == workers, "no worker died"
    assert growth < GROWTH_BYTES_MAX
    assert beside < max(RATIO_MAX * before, QUICK_S)
    assert max(honest.arriving_took) < ARRIVING_S_MAX
