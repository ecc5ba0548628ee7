"""Disks that are too small from the start, and one that fills up for real under load."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import figures, frames
from support.server import RunningServer
from support.tiny_disk import fill, free_bytes, tiny_disk
from support.waiting import until
from support.wire import Client

CANNOT_WRITE = 15
FULL = "the disk is full"
ROOM = "there is room on the disk again"
MIB = 1 << 20


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """24 MiB: two commit logs of 4 MiB each, the reserve of 4, and as much to fill."""
    with tiny_disk(tmp_path / "disk", "24m") as disk:
        yield disk


def code_of_a_commit(client: Client, name: bytes, event: bytes = b"t 1") -> int:
    """0 when it is acknowledged."""
    on = client.open(name)
    reply = client.ask(frames.commit(on.name, on.worker, on.transaction, b"", event))
    return 0 if reply.kind == frames.COMMIT else reply.code


def test_a_server_on_a_disk_of_a_mebibyte_says_so_and_refuses_commits_only(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk", "1m") as disk:
        journals = disk / "journals"
        journals.mkdir()
        (journals / "old.log").write_bytes(b"2015-08-02T16:23:02.580 t 1\0")
        with RunningServer(journals, workers=2) as server, Client(server.port) as client:
            assert client.events(b"/old") == [b"t 1"]
            assert code_of_a_commit(client, b"/new") == CANNOT_WRITE
            assert code_of_a_commit(client, b"/old") == CANNOT_WRITE
            until(lambda: FULL in server.log(), "it says so")
            assert len(server.worker_pids()) == 2
        assert (journals / "old.log").read_bytes() == b"2015-08-02T16:23:02.580 t 1\0"


def test_a_server_that_starts_on_a_full_disk_commits_as_soon_as_there_is_room(small: Path) -> None:
    journals = small / "journals"
    journals.mkdir()
    (journals / "old.log").write_bytes(b"2015-08-02T16:23:02.580 t 1\0")
    ballast = fill(small, leave=100_000)
    with RunningServer(journals, workers=2) as server, Client(server.port) as client:
        pids = server.worker_pids()
        assert client.events(b"/old") == [b"t 1"]
        assert code_of_a_commit(client, b"/old", b"t 2") == CANNOT_WRITE
        ballast.unlink()
        until(lambda: code_of_a_commit(client, b"/old", b"t 2") == 0, "commits are taken")
        assert client.events(b"/old") == [b"t 1", b"t 2"]
        until(lambda: ROOM in server.log(), "it is logged")
        assert server.worker_pids() == pids, "no worker had to be replaced for it"
    with RunningServer(journals, workers=2) as server, Client(server.port) as client:
        assert client.events(b"/old") == [b"t 1", b"t 2"]


def test_nobody_can_start_where_not_even_a_lock_fits_and_it_says_why(tmp_path: Path) -> None:
    with tiny_disk(tmp_path / "disk", "64k") as disk:
        fill(disk, leave=0)
        command = RunningServer(disk / "journals", workers=1).command()
        ended = subprocess.run(command, capture_output=True, timeout=20)
        assert ended.returncode == 2
        assert b"No space left on device" in ended.stderr
        assert len(ended.stderr.splitlines()) == 1


@pytest.mark.figures
@pytest.mark.slow
def test_a_disk_that_fills_up_under_load_loses_nothing_and_serves_on(small: Path) -> None:
    """Filled by journals, and by another program at any moment of it: into the reserve, to the last byte."""
    goal = figures.goal("commits on a disk that fills up for real", every_run=3_000, campaign=12_000)
    acknowledged: dict[bytes, list[bytes]] = {}
    done = refused = fillings = 0
    with RunningServer(small / "journals", workers=2) as server, Client(server.port) as client:
        while not goal.enough(done):
            fillings += 1
            ballast = fill(small, leave=4 * MIB + 200_000 * (fillings % 3))
            for number in range(400):
                name = b"/%d/%d" % (fillings % 5, number % 9)
                event = b"t %d.%d " % (fillings, number) + b"x" * (number * 7 % 500)
                code = code_of_a_commit(client, name, event)
                assert code in (0, CANNOT_WRITE)
                if code:
                    refused += 1
                else:
                    acknowledged.setdefault(name, []).append(event)
                done += 1
                if number == 200 and fillings % 2:
                    with (small / "to the brim").open("wb") as file:
                        file.truncate(0)
                        file.write(bytes(max(0, free_bytes(small))))
            ballast.unlink()
            (small / "to the brim").unlink(missing_ok=True)
            until(lambda: code_of_a_commit(client, b"/there-is-room") == 0, "commits are taken again")
        _check(client, acknowledged)
        until(lambda: FULL in server.log(), "it is logged")
        until(lambda: ROOM in server.log(), "it is logged")
    assert refused
    with RunningServer(small / "journals", workers=2) as server, Client(server.port) as client:
        _check(client, acknowledged)
    goal.reached(done, wrong=0, detail=f"{refused} refused, {fillings} fillings")


def _check(client: Client, acknowledged: dict[bytes, list[bytes]]) -> None:
    for name, events in acknowledged.items():
        assert client.events(name) == events
