"""100,000 transactions at 64 in flight through a real server: no error, and each event there exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import figures
from support.server import RunningServer

from everstore_client import connect

from .load import load

TRANSACTIONS, IN_FLIGHT, JOURNALS = 100_000, 64, 1_000


@pytest.mark.slow
def test_100_000_transactions(tmp_path: Path) -> None:
    goal = figures.goal("one-event transactions through the Python adapter", TRANSACTIONS, TRANSACTIONS)
    with RunningServer(tmp_path / "journals") as server:
        url = f"everstore://admin:passwd@127.0.0.1:{server.port}"
        done = load(url, goal.count, IN_FLIGHT, JOURNALS)
        assert done["errors"] == 0
        with connect(url) as client, client.pipeline() as pipeline:
            found = [pipeline.read(f"/load/{journal}") for journal in range(JOURNALS)]
        for journal, events in enumerate(found):
            wanted = range(journal, goal.count, JOURNALS)
            assert sorted(event.data["n"] for event in events.result()) == list(wanted)
    rate = done["transactions"] / done["seconds"]
    goal.reached(goal.count, 0, f"{rate:,.0f} a second, {IN_FLIGHT} in flight")
