"""The whole server killed under load and started again, each time with another number of workers."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from everstore_client import ConnectionLost, EverstoreError, connect
from support.command import everstore
from support.server import RunningServer
from support.waiting import until

pytestmark = pytest.mark.slow

JOURNALS = [f"/load/{number}" for number in range(30)]


class Writer(threading.Thread):
    """Appends numbers to each journal in turn, and remembers which were acknowledged, until the server is gone."""

    def __init__(self, port: int, start: int) -> None:
        super().__init__()
        self.url = f"everstore://127.0.0.1:{port}?timeout=1"
        self.number = start
        self.acknowledged: dict[str, list[int]] = {name: [] for name in JOURNALS}
        self.tried: dict[str, list[int]] = {name: [] for name in JOURNALS}

    def is_under_way(self) -> bool:
        return sum(map(len, self.acknowledged.values())) > 600

    def run(self) -> None:
        with connect(self.url, connections=1) as self.db:
            while True:
                results = []
                try:
                    with self.db.pipeline() as pipeline:
                        for name in JOURNALS * 4:
                            self.number += 1
                            self.tried[name].append(self.number)
                            results.append((name, self.number, pipeline.append_raw(name, f"n {self.number}")))
                        for name, number, result in results:
                            result.result()
                            self.acknowledged[name].append(number)
                except (EverstoreError, ConnectionLost):
                    return


@pytest.mark.parametrize("durability", ["fsync", "os"])
def test_what_was_acknowledged_is_there_whatever_the_number_of_workers_is(tmp_path: Path, durability: str) -> None:
    expected: dict[str, list[int]] = {name: [] for name in JOURNALS}
    tried: dict[str, set[int]] = {name: set() for name in JOURNALS}
    start = 0
    for workers in (5, 2, 2, 7, 1, 3):
        with RunningServer(tmp_path / "journals", workers=workers, durability=durability) as server:
            with connect(f"everstore://127.0.0.1:{server.port}") as db:
                for name in JOURNALS:
                    found = [int(event.data) for event in db.read(name)]
                    assert found == sorted(set(found))
                    assert set(expected[name]) <= set(found) <= tried[name]
                    expected[name] = found
            writer = Writer(server.port, start)
            writer.start()
            until(writer.is_under_way, "the writer is under way")
            server.crash()
            writer.db.close()  # It would go on with the next server.
            writer.join()
            start = writer.number
            for name in JOURNALS:
                expected[name] += writer.acknowledged[name]
                tried[name] |= set(writer.tried[name])
    assert everstore("repair", tmp_path / "journals").returncode == 0
    assert everstore("verify", tmp_path / "journals").returncode == 0
