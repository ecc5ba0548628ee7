"""A journal whose sizes need 64 bits, through a real server: its first 4 GiB are a hole, so that no disk has to hold
them.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.server import RunningServer
from support.version_1 import server_of_version_1

from everstore_client import Commit, Conflict, Event, TooLarge, connect

HOLE = 2**32
FIRST = b"2026-01-01T00:00:00.000 t 1"
BEGIN = HOLE + 1 + len(FIRST) + 1
"""Behind the hole, its newline, the first line that can be read, and its end."""


def make_big(journals: Path) -> None:
    """Beside a server that runs: it trusts what was written since it began, and does not look for damage there."""
    with (journals / "big.log").open("wb") as file:
        file.truncate(HOLE)
        file.seek(HOLE)
        file.write(b"\n" + FIRST + b"\0")


def test_it_is_written_read_and_repaired_like_any_other(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server, connect(f"everstore://127.0.0.1:{server.port}") as db:
        make_big(server.journals)
        assert db.append_raw("/big", "t 2") == Commit("/big", BEGIN + 28, 1)
        with db.transaction("/big") as tx:
            assert tx.size == BEGIN + 28
            assert tx.read(since=HOLE + 1) == [Event("t", 1), Event("t", 2)]
            tx.append_raw("t 3")
        server.crash()
        with RunningServer(server.journals, port=server.port):
            with pytest.raises(Conflict) as conflict:
                db.append_raw("/big", "t 4", after=BEGIN)
            assert (conflict.value.size, conflict.value.events) == (BEGIN + 56, [Event("t", 2), Event("t", 3)])
            assert db.append_raw("/big", "t 5", after=BEGIN + 56).size == BEGIN + 84
            assert list(db.stream("/big", since=BEGIN)) == [Event("t", each) for each in (2, 3, 5)]


def test_version_1_cannot_say_its_size(tmp_path: Path) -> None:
    with server_of_version_1(tmp_path / "old") as server, connect(f"everstore://127.0.0.1:{server.port}") as db:
        make_big(server.journals)
        with pytest.raises(TooLarge):
            db.append_raw("/big", "t 2")
