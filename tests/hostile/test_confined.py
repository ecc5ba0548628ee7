"""Servers that may hold few open files, or little memory: they answer or close, and serve on."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.attacks import attacking
from support.frames import COMMIT, ERROR
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

MIB = 1 << 20
CGROUPS = Path("/sys/fs/cgroup/memory")


class FewFiles(RunningServer):
    FILES = 64

    def command(self) -> list[str]:
        return ["prlimit", f"--nofile={self.FILES}:{self.FILES}", *super().command()]


def test_sixty_four_open_files_are_too_few_and_it_says_how_many_are_needed(tmp_path: Path) -> None:
    ended = subprocess.run(FewFiles(tmp_path / "journals").command(), capture_output=True, timeout=20)
    assert ended.returncode == 2
    assert b"open files are needed" in ended.stderr


class LittleMemory(RunningServer):
    """All of its processes together may use 128 MiB, pages of files among them."""

    BYTES = 128 * MIB

    def __init__(self, journals: Path, group: Path, **options: object) -> None:
        super().__init__(journals, **options)
        self._group = group

    def command(self) -> list[str]:
        return ["sh", "-c", f'echo $$ > {self._group}/cgroup.procs && exec "$@"', "sh", *super().command()]


@pytest.fixture
def group(tmp_path: Path) -> Iterator[Path]:
    group = CGROUPS / f"everstore-{os.getpid()}-{tmp_path.name[-20:]}"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(LittleMemory.BYTES))
    except OSError as error:
        pytest.skip(f"no group of processes with a limit of memory can be made here: {error}")
    yield group
    until(lambda: not (group / "cgroup.procs").read_text(), "all of its processes have ended")
    group.rmdir()


@pytest.mark.slow
@pytest.mark.parametrize("attack", ["hoarding", "deaf", "idle", "silent"])
def test_a_server_with_128_mebibytes_serves_on_under_attack(tmp_path: Path, group: Path, attack: str) -> None:
    options = {"workers": 2, "max_memory": "16MiB", "max_request": "1MiB"}
    with LittleMemory(tmp_path / "journals", group, **options) as server, Client(server.port) as client:
        for _ in range(3):
            client.append(b"/large", b"t " + b"x" * 900_000)
        pids = server.worker_pids()
        with attacking(attack, server.port):
            for number in range(200):
                assert client.append(b"/a/%d" % (number % 5), b"t %d" % number)
        assert server.worker_pids() == pids, "nobody died of it"
        assert sum(len(client.events(b"/a/%d" % number)) for number in range(5)) == 200


@pytest.mark.slow
def test_a_request_larger_than_the_memory_loses_nothing_of_the_others(tmp_path: Path, group: Path) -> None:
    """--max-request allows too much: the kernel may end processes for it, one that replays it among them. With more
    memory all that was acknowledged is there.
    """
    options = {"workers": 2, "max_request": "64MiB"}
    with LittleMemory(tmp_path / "journals", group, **options) as server, Client(server.port) as client:
        assert client.append(b"/a", b"t 1")
        on = client.open(b"/huge")
        client.send(frames.commit(on.name, on.worker, on.transaction, b"", b"t " + b"x" * 60 * MIB))
        with contextlib.suppress(AssertionError, ConnectionError):
            assert client.receive().kind in (COMMIT, ERROR)
    with RunningServer(tmp_path / "journals") as server, Client(server.port) as client:
        assert client.events(b"/a") == [b"t 1"]
