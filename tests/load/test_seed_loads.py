"""The two loads that the original measured itself with, written and read through the adapter, with five workers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from everstore_client import Client, connect
from support.server import RunningServer

pytestmark = pytest.mark.slow

EVENT = 'examples.UserCreated {"username":"pa@speedledger.se","number":%d}'


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Client]:
    with (
        RunningServer(tmp_path / "journals", workers=5) as server,
        connect(f"everstore://admin:passwd@127.0.0.1:{server.port}") as client,
    ):
        yield client


@pytest.mark.parametrize(("journals", "events"), [(6_000, 120), (100, 12_000)])
def test_many_journals_of_many_events_are_written_and_read_without_an_error(
    db: Client, journals: int, events: int
) -> None:
    lines = [EVENT % number for number in range(events)]
    names = [f"/load/{number % 10}/{number}" for number in range(journals)]
    with db.pipeline() as pipeline:
        written = [pipeline.append_raw(name, *lines) for name in names]
    assert all(result.result().events == events for result in written)
    content = "\n".join(lines).encode()
    for name in names:
        assert db.read_raw(name) == content
    assert sorted(db.journals("/load/")) == sorted(names)
