"""What the server's processes hold while they do much: the seed's two loads, then many small transactions, in one run
of five workers, so that whatever is not given back is seen later.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from everstore_client import Client, connect
from support import figures
from support.footprint import Footprint, private_bytes
from support.server import RunningServer

pytestmark = [pytest.mark.slow, pytest.mark.figures, pytest.mark.alone]

KIB = 1024
WORKER_BYTES_MAX = 7168 * KIB  # 2 MiB is the aim; what is left, and why, stands in docs/performance.md
WORKER_IDLE_BYTES_MAX = 2 * 1024 * KIB
SUPERVISOR_BYTES_MAX = 12 * 1024 * KIB
SUPERVISOR_GROWTH_BYTES_MAX = 1024 * KIB
EVENT = 'examples.UserCreated {"username":"pa@speedledger.se","number":%d}'
SOAK_JOURNALS = 10_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "journals", workers=5) as running:
        yield running


def write_and_read(db: Client, journals: int, events: int) -> None:
    lines = [EVENT % number for number in range(events)]
    names = [f"/load-{events}/{number % 10}/{number}" for number in range(journals)]
    with db.pipeline() as pipeline:
        written = [pipeline.append_raw(name, *lines) for name in names]
    assert all(result.result().events == events for result in written)
    content = "\n".join(lines).encode()
    for name in names:
        assert db.read_raw(name) == content


def test_workers_and_supervisor_stay_small_through_both_loads_and_a_soak(server: RunningServer) -> None:
    goal = figures.goal("one-event transactions in bounded memory", every_run=50_000, campaign=1_000_000)
    address, done = f"everstore://admin:passwd@127.0.0.1:{server.port}", 0
    with Footprint(server) as footprint, connect(address) as db:
        assert footprint.worker_peak() < WORKER_IDLE_BYTES_MAX, footprint.peaks
        write_and_read(db, journals=6_000, events=120)
        write_and_read(db, journals=100, events=12_000)
        before = private_bytes(server.pid)
        while done < goal.count and not (figures.CAMPAIGN and goal.time_is_up()):
            with db.pipeline() as pipeline:
                written = [
                    pipeline.append_raw(f"/soak/{number % 100}/{number}", EVENT % done)
                    for number in range(SOAK_JOURNALS)
                ]
            assert all(result.result().events == 1 for result in written)
            done += len(written)
        growth = private_bytes(server.pid) - before
    found = f"worker {footprint.worker_peak() // KIB:,} KiB, supervisor {footprint.supervisor_peak() // KIB:,} KiB"
    goal.reached(done, wrong=0, detail=f"at most: {found}")
    assert footprint.worker_peak() < WORKER_BYTES_MAX, footprint.peaks
    assert footprint.supervisor_peak() < SUPERVISOR_BYTES_MAX, footprint.peaks
    assert growth < SUPERVISOR_GROWTH_BYTES_MAX, "the supervisor keeps what was sent"
    assert goal.enough(done)
