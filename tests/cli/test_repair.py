from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import everstore
from support.server import RunningServer
from support.waiting import until

pytestmark = pytest.mark.slow

BROKEN = Path(__file__).parents[1] / "broken"
VECTORS = sorted(path.stem for path in BROKEN.glob("*.log"))


def contents(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("vector", VECTORS)
def test_every_vector_becomes_its_repaired_twin_and_what_was_cut_is_kept(directory: Path, vector: str) -> None:
    broken, repaired = ((BROKEN / f"{vector}.{ending}").read_bytes() for ending in ("log", "repaired"))
    (directory / f"{vector}.log").write_bytes(broken)
    assert everstore("repair", directory).returncode == 0
    after = contents(directory)
    assert after.pop(f"{vector}.log") == repaired
    assert list(after.values()) == ([broken[len(repaired) :]] if len(broken) > len(repaired) else [])
    again = contents(directory)
    assert "0 repaired" in everstore("repair", directory).stdout
    assert contents(directory) == again


def test_a_dry_run_says_what_it_would_do_and_does_nothing(directory: Path) -> None:
    for vector in VECTORS:
        (directory / f"{vector}.log").write_bytes((BROKEN / f"{vector}.log").read_bytes())
    before = contents(directory)
    said = everstore("repair", "--dry-run", directory).stdout
    assert contents(directory) == before
    assert (
        "/torn-first: from byte 0 on there was a torn transaction without an end marker: 31 bytes would be cut" in said
    )
    assert "/flip-missed-two: 2 end markers inside it would become newlines" in said


def test_what_no_crash_explains_is_left_alone_and_said(directory: Path) -> None:
    line = b"2015-07-27T15:59:49.706 a 1"
    data = line + b"\nedited by hand\n" + line + b"\0"
    (directory / "edited.log").write_bytes(data)
    repaired = everstore("repair", directory)
    assert repaired.returncode == 1
    assert f"/edited: byte {len(line) + 1}: a line that does not begin with a timestamp" in repaired.stdout
    assert (directory / "edited.log").read_bytes() == data


def test_commit_logs_are_written_onto_their_journals(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        for number in range(5):
            everstore("append", f"/log/{number}", stdin=f"a {number}\n", port=server.port)
        server.crash()
    expected = {path: path.read_bytes() for path in (tmp_path / "journals/log").iterdir()}
    for path in expected:
        path.write_bytes(b"")
    assert everstore("repair", tmp_path / "journals").returncode == 0
    assert {path: path.read_bytes() for path in expected} == expected
    assert not list((tmp_path / "journals/.everstore").glob("*.commits"))


def test_a_repaired_journal_is_written_to_again(tmp_path: Path) -> None:
    journals = tmp_path / "journals"
    with RunningServer(journals) as server:
        everstore("append", "/user", stdin="a 1\n", port=server.port)
    path = journals / "user.log"
    path.write_bytes(path.read_bytes() + b"2015-07-27T15:59:49.706 b torn")
    with RunningServer(journals) as server:
        assert everstore("append", "/user", stdin="a 2\n", port=server.port).returncode == 1
        assert everstore("cat", "/user", port=server.port).stdout.startswith("a 1\n")
    assert everstore("repair", journals).returncode == 0
    with RunningServer(journals) as server:
        assert everstore("append", "/user", stdin="a 2\n", port=server.port).returncode == 0
        assert everstore("cat", "/user", port=server.port).stdout == "a 1\na 2\n"


def test_a_journal_that_was_deleted_after_a_crash_is_said_and_can_begin_anew(tmp_path: Path) -> None:
    journals = tmp_path / "journals"
    with RunningServer(journals) as server:
        everstore("append", "/user", stdin="a 1\n", port=server.port)
        server.stop()
    with RunningServer(journals) as server:
        everstore("append", "/user", stdin="a 2\n", port=server.port)
        server.crash()
    (journals / "user.log").unlink()
    with RunningServer(journals) as server:
        refused = everstore("append", "/user", stdin="a 3\n", port=server.port)
        assert refused.returncode == 1
        until(lambda: "the file is missing, though" in server.log(), "it is logged")
    verified = everstore("verify", journals)
    assert verified.returncode == 1
    assert "/user: the file is missing, though" in verified.stdout
    repaired = everstore("repair", journals)
    assert repaired.returncode == 0
    assert "/user: the file is missing, though" in repaired.stdout
    assert b" a 2\0" in next(journals.glob("user.log.torn-*")).read_bytes()
    with RunningServer(journals) as server:
        assert everstore("append", "/user", stdin="a 3\n", port=server.port).returncode == 0
        assert everstore("cat", "/user", port=server.port).stdout == "a 3\n"


def test_a_dry_run_leaves_journals_to_the_commit_log_that_waits_for_them(tmp_path: Path) -> None:
    journals = tmp_path / "journals"
    with RunningServer(journals, workers=1) as server:
        everstore("append", "/waits", stdin="a 1\n", port=server.port)
        server.crash()
    (journals / "waits.log").write_bytes((journals / "waits.log").read_bytes()[:-3])
    said = everstore("repair", "--dry-run", journals)
    assert said.stdout == ".everstore/worker-1.commits: 1 batches to be written onto 1 journals\n"
    assert everstore("repair", journals).stdout.splitlines() == [
        ".everstore/worker-1.commits: 1 batches written onto 1 journals",
        "1 journals, 0 repaired, 0 still damaged",
    ]


def test_a_dry_run_says_what_no_crash_explains(directory: Path) -> None:
    line = b"2015-07-27T15:59:49.706 a 1"
    (directory / "edited.log").write_bytes(line + b"\nedited by hand\n" + line + b"\0")
    said = everstore("repair", "--dry-run", directory)
    assert said.returncode == 1
    assert f"/edited: byte {len(line) + 1}: a line that does not begin with a timestamp" in said.stdout


@pytest.mark.parametrize("lost", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_acknowledged_events_that_are_gone_are_said_before_the_journal_is_used_again(
    tmp_path: Path, lost: Callable[[Path], object]
) -> None:
    journals = tmp_path / "journals"
    with RunningServer(journals, workers=1) as server:
        everstore("append", "/user", stdin="a 1\n", port=server.port)
    with RunningServer(journals, workers=1) as server:
        everstore("append", "/user", stdin="a 2\n", port=server.port)
        server.crash()
    lost(journals / "user.log")
    first = everstore("repair", journals)
    assert first.returncode == 1
    assert re.search(r"acknowledged; what the commit log knows is in user\.log\.torn-", first.stdout)
    assert "it is not written to until repair is run again" in first.stdout
    assert [kept.read_bytes()[24:] for kept in journals.glob("user.log.torn-*")] == [b"a 2\0"]
    with RunningServer(journals, workers=1) as server:
        refused = everstore("append", "/user", stdin="a 3\n", port=server.port)
        assert (refused.returncode, everstore("ls", port=server.port).stdout) == (1, "")
    second = everstore("repair", journals)
    assert second.returncode == 0
    assert "that was known, so it is used again as it is" in second.stdout
    with RunningServer(journals, workers=1) as server:
        assert everstore("append", "/user", stdin="a 3\n", port=server.port).returncode == 0


def test_what_repair_made_for_itself_goes_again(directory: Path) -> None:
    (directory / "user.log").write_bytes(b"torn")
    everstore("repair", directory)
    assert not (directory / ".everstore").exists()
