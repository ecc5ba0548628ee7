from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from everstore_client import Client, Event, connect
from support import figures
from support.command import command, environment, everstore
from support.server import RunningServer
from support.waiting import until

from everstore.storage.copies import Copies

pytestmark = pytest.mark.slow


@pytest.fixture
def source(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "journals", workers=5) as running:
        yield running


@contextmanager
def client(server: RunningServer) -> Iterator[Client[Event]]:
    with connect(f"everstore://127.0.0.1:{server.port}") as db:
        yield db


def fill(server: RunningServer, journals: int, lines: tuple[str, ...], first: int = 0) -> None:
    with client(server) as db, db.pipeline() as pipeline:
        for number in range(first, first + journals):
            pipeline.append_raw(f"/user/{number % 7}/{number}", *lines)


def logs(directory: Path) -> dict[str, bytes]:
    """The journals below a directory: their paths, and their bytes."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*.log")}


def backup(server: RunningServer, directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return everstore("backup", directory, *options, port=server.port)


def test_a_backup_has_the_bytes_of_every_journal_and_nothing_else(source: RunningServer, tmp_path: Path) -> None:
    fill(source, 60, ("a.A 1", "b.B 2"))
    fill(source, 1, tuple(f"c.C {number}" for number in range(20_000)), first=100)
    done = backup(source, tmp_path / "copy")
    assert (done.returncode, done.stderr) == (0, "")
    assert "61 journals, " in done.stdout
    assert "new are 20120 events" in done.stdout
    assert logs(tmp_path / "copy") == logs(source.journals)
    assert {path.suffix for path in (tmp_path / "copy").rglob("*") if path.is_file()} == {".log"}
    assert everstore("verify", tmp_path / "copy").returncode == 0


@pytest.mark.parametrize("options", [(), ("--whole",)])
def test_a_repeated_backup_adds_what_is_new(source: RunningServer, tmp_path: Path, options: tuple[str, ...]) -> None:
    fill(source, 10, ("a.A 1", "b.B 2"))
    backup(source, tmp_path / "copy")
    untouched = (tmp_path / "copy/user/6/6.log").stat().st_mtime_ns
    fill(source, 3, ("c.C 3",))
    fill(source, 1, tuple(f"c.C {number}" for number in range(9_000)), first=1)
    fill(source, 1, ("d.D 4",), first=50)
    done = backup(source, tmp_path / "copy", *options)
    assert (done.returncode, done.stderr) == (0, "")
    assert "new are 9004 events" in done.stdout
    assert "in 4 journals" in done.stdout
    assert logs(tmp_path / "copy") == logs(source.journals)
    assert (tmp_path / "copy/user/6/6.log").stat().st_mtime_ns == untouched


def test_a_restored_backup_serves(source: RunningServer, tmp_path: Path) -> None:
    fill(source, 20, ("a.A 1",))
    backup(source, tmp_path / "copy")
    subprocess.run(["cp", "-a", tmp_path / "copy", tmp_path / "restored"], check=True)
    with RunningServer(tmp_path / "restored", workers=3) as restored, client(restored) as db:
        assert sorted(db.journals()) == sorted(f"/user/{number % 7}/{number}" for number in range(20))
        db.append_raw("/user/0/0", "b.B 2")
        assert db.read_raw("/user/0/0") == b"a.A 1\nb.B 2"


def test_writes_go_on_and_all_that_was_acknowledged_before_is_in_it(source: RunningServer, tmp_path: Path) -> None:
    fill(source, 400, ("a.A 1",) * 100)
    with writer(source) as written:
        until(lambda: len(written) > 50, "the writer is at work")
        for _ in range(3):
            before = len(written)
            assert backup(source, tmp_path / "copy").returncode == 0
            copied = (tmp_path / "copy/busy.log").read_bytes()
            assert copied.endswith(b"\0")
            assert copied.count(b"w.W") >= before
            assert (source.journals / "busy.log").read_bytes().startswith(copied[:-1])
        assert len(written) > before
    assert backup(source, tmp_path / "copy").returncode == 0
    assert logs(tmp_path / "copy") == logs(source.journals)


@contextmanager
def writer(server: RunningServer) -> Iterator[list[float]]:
    """One program that commits one event after the other; the list grows by the seconds that each took."""
    took: list[float] = []
    stop = threading.Event()

    def write() -> None:
        with client(server) as db:
            while not stop.is_set():
                started = time.perf_counter()
                db.append_raw("/busy", f"w.W {len(took)}")
                took.append(time.perf_counter() - started)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join()


@pytest.mark.parametrize("after", [3, 30, 300])
def test_a_killed_backup_is_made_up_for_by_the_next(source: RunningServer, tmp_path: Path, after: int) -> None:
    fill(source, 600, ("a.A 1",) * 20)
    assert backup(source, tmp_path / "copy").returncode == 0
    shutil.rmtree(tmp_path / "copy/user/1")
    fill(source, 600, ("b.B 1",) * 20)
    copied = [tmp_path / f"copy/user/{number % 7}/{number}.log" for number in range(600)]
    old = {path: path.stat().st_size for path in copied if path.exists()}
    killed = subprocess.Popen(command("backup", tmp_path / "copy"), env=environment(source.port))
    until(
        lambda: sum(path.exists() and path.stat().st_size != old.get(path) for path in copied) >= after,
        "the backup is under way",
    )
    killed.kill()
    assert killed.wait() == -9
    assert backup(source, tmp_path / "copy").returncode == 0
    assert logs(tmp_path / "copy") == logs(source.journals)


LINE = b"2015-07-27T15:59:49.706 a.A 1"


@pytest.mark.parametrize(
    "left", [LINE + b"\0" + LINE[:9], LINE + b"\0" + LINE + b"\0", LINE, LINE[:5], b"", LINE + bytes(700)]
)
def test_what_an_interrupted_backup_leaves_in_a_copy_is_mended(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals/a.log").write_bytes(LINE + b"\n" + LINE + b"\n" + LINE + b"\0")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/a.log").write_bytes(left)
    with RunningServer(tmp_path / "journals") as server:
        assert backup(server, tmp_path / "copy").returncode == 0
    assert logs(tmp_path / "copy") == logs(tmp_path / "journals")


@pytest.mark.parametrize(
    "other",
    [
        LINE + b"\0",
        LINE + b"\n" + LINE[:-1] + b"2\0",
        LINE + b" and more" + b"\n" + LINE + b"\0",
        LINE + b" and more and more and more and more\n" + LINE + b"\n" + LINE + b"\0",
    ],
)
def test_a_journal_that_became_another_one_is_said_and_its_old_copy_kept(tmp_path: Path, other: bytes) -> None:
    old = LINE + b"\n" + LINE + b"\0"
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals/a.log").write_bytes(other)
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/a.log").write_bytes(old)
    with RunningServer(tmp_path / "journals") as server:
        said = backup(server, tmp_path / "copy")
        assert said.returncode == 1
        assert "is kept in a.log.kept-" in said.stdout
        assert backup(server, tmp_path / "copy").returncode == 0
    (kept,) = (tmp_path / "copy").glob("a.log.kept-*")
    assert kept.read_bytes() == old
    assert logs(tmp_path / "copy") == logs(tmp_path / "journals")


def test_only_a_whole_comparison_finds_a_byte_changed_before_the_last_line(tmp_path: Path) -> None:
    (tmp_path / "journals").mkdir()
    (tmp_path / "journals/a.log").write_bytes(LINE + b"\n" + LINE + b"\0")
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy/a.log").write_bytes(LINE[:-1] + b"2\n" + LINE + b"\0")
    with RunningServer(tmp_path / "journals") as server:
        assert backup(server, tmp_path / "copy").returncode == 0
        said = backup(server, tmp_path / "copy", "--whole")
    assert said.returncode == 1
    assert "/a: it differs from its copy in the line at byte 0; " in said.stdout


def test_a_journal_that_is_gone_keeps_its_copy_and_is_said(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        fill(server, 2, ("a.A 1",))
        backup(server, tmp_path / "copy")
    (tmp_path / "journals/user/0/0.log").unlink()
    with RunningServer(tmp_path / "journals") as server:
        said = backup(server, tmp_path / "copy")
    assert said.returncode == 0
    assert "note: /user/0/0 is no longer on the server; its copy stays\n" in said.stdout
    assert (tmp_path / "copy/user/0/0.log").exists()


def test_a_damaged_journal_is_copied_and_said(tmp_path: Path) -> None:
    damaged = LINE.replace(b"2015", b"2016") + b"\n" + LINE + b"\0"
    with RunningServer(tmp_path / "journals") as server:
        (tmp_path / "journals/a.log").write_bytes(damaged)
        fill(server, 1, ("a.A 1",))
        said = backup(server, tmp_path / "copy")
    assert said.returncode == 1
    assert "/a: byte 30: a timestamp before an earlier line's" in said.stdout
    assert logs(tmp_path / "copy") == logs(tmp_path / "journals")


def test_an_unreadable_journal_is_said_and_the_others_are_copied(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        fill(server, 3, ("a.A 1",))
        with client(server) as db:
            db.append_raw("/gone", "a.A 1")
        (tmp_path / "journals/gone.log").write_bytes(b"x")
        said = backup(server, tmp_path / "copy")
    assert said.returncode == 1
    assert "/gone: could not be copied: " in said.stdout
    assert len(logs(tmp_path / "copy")) == 3


def test_a_servers_directory_is_refused(source: RunningServer, tmp_path: Path) -> None:
    for where in (source.journals, source.journals / "below/copy"):
        refused = backup(source, where)
        assert refused.returncode == 1
        assert "is in use by the server" in refused.stderr
    assert not (source.journals / "below").exists()
    assert "a server's" in backup(source, tmp_path).stderr


def test_two_backups_do_not_work_on_one_directory(source: RunningServer, tmp_path: Path) -> None:
    first = Copies(str(tmp_path / "copy"))
    assert "another backup is at work" in backup(source, tmp_path / "copy").stderr
    assert first.names() == set()


def test_without_a_server_nothing_is_copied_and_the_exit_code_says_so(tmp_path: Path) -> None:
    assert everstore("backup", tmp_path / "copy").returncode == 3


def test_a_backup_gets_over_the_death_of_workers(source: RunningServer, tmp_path: Path) -> None:
    fill(source, 2_000, ("a.A 1",) * 20)
    running = subprocess.Popen(command("backup", tmp_path / "copy"), env=environment(source.port))
    until(lambda: len(list((tmp_path / "copy").glob("user/*/*.log"))) > 200, "the backup is under way")
    for pid in source.worker_pids():
        os.kill(pid, 9)
    assert running.wait(60) == 0
    assert logs(tmp_path / "copy") == logs(source.journals)


@pytest.mark.slow
@pytest.mark.figures
@pytest.mark.alone
def test_a_writer_hardly_notices_a_backup(source: RunningServer, tmp_path: Path) -> None:
    goal = figures.goal("journals backed up beside a writer", every_run=5_000, campaign=100_000)
    fill(source, goal.count, ("a.A 1",) * 10)
    fill(source, 1, tuple(f"c.C {number} {'x' * 100}" for number in range(100_000)), first=goal.count)
    with writer(source) as took:
        until(lambda: len(took) > 500, "the writer has settled")
        quiet = took[:]
        started = time.monotonic()
        finished = subprocess.run(
            command("backup", tmp_path / "copy"), env=environment(source.port), stdout=subprocess.PIPE, check=False
        )
        seconds = time.monotonic() - started
        busy = took[len(quiet) :]
    assert finished.returncode == 0
    before, during = (sorted(each)[int(len(each) * 0.99)] * 1000 for each in (quiet, busy))
    detail = f"backup {seconds:.1f} s, a commit's p99 {before:.1f} ms before, {during:.1f} ms meanwhile"
    copied = len(logs(tmp_path / "copy")) - 2
    goal.reached(copied, wrong=0, detail=detail)
    assert goal.enough(copied)
    assert max(busy) < 2.0, detail
