"""One journal repaired: in which order, what is kept of what was cut off, and where."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.fakes.disk import FailingDisk

from everstore.errors import NoSpace, StorageFailed
from everstore.storage.repair import judge_file, keep_beside, repair_by_table

LINE = b"2026-11-21T12:00:00.000 t 1"
TORN = LINE + b"\0" + LINE + b"\0" + LINE[:9]
REPAIRED = LINE + b"\n" + LINE + b"\0"


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2026, 11, 21, 12, 0, 7, 5, 325, 0)))
    (tmp_path / "a.log").write_bytes(TORN)
    return FailingDisk(str(tmp_path))


def test_what_is_cut_off_is_durable_elsewhere_before_it_is_cut(disk: FailingDisk, tmp_path: Path) -> None:
    verdict, kept = repair_by_table(disk, b"/a", disk.open("a.log"))
    assert disk.calls == ["create", "write", "sync", "sync_all", "truncate", "write", "sync"]
    assert (tmp_path / "a.log").read_bytes() == REPAIRED
    assert (verdict.keep, verdict.turn, kept) == (len(REPAIRED), (len(LINE),), "a.log.torn-20261121T120007")
    assert (tmp_path / kept).read_bytes() == LINE[:9]


@pytest.mark.parametrize(
    ("data", "calls"), [(REPAIRED, []), (b"", []), (LINE + b"\0" + LINE + b"\0", ["write", "sync"])]
)
def test_no_more_is_done_than_is_needed(disk: FailingDisk, tmp_path: Path, data: bytes, calls: list[str]) -> None:
    (tmp_path / "a.log").write_bytes(data)
    assert repair_by_table(disk, b"/a", disk.open("a.log"))[1] == ""
    assert disk.calls == calls


@pytest.mark.parametrize("call", range(7))
def test_a_repair_that_was_cut_off_anywhere_is_finished_by_the_next(
    disk: FailingDisk, tmp_path: Path, call: int
) -> None:
    disk.fail_at = call
    if call:
        with pytest.raises(StorageFailed):
            repair_by_table(disk, b"/a", disk.open("a.log"))
    repair_by_table(disk, b"/a", disk.open("a.log"))
    assert (tmp_path / "a.log").read_bytes() == REPAIRED
    assert LINE[:9] in {path.read_bytes() for path in tmp_path.rglob("*.torn-*")}


def test_what_was_done_is_said(disk: FailingDisk, caplog: pytest.LogCaptureFixture) -> None:
    repair_by_table(disk, b"/a", disk.open("a.log"))
    what = f"from byte {len(REPAIRED)} on there was a torn transaction without an end marker"
    assert caplog.messages == [f"repaired: {what}; 9 bytes are in a.log.torn-20261121T120007"]
    repair_by_table(disk, b"/a", disk.open("a.log"))
    assert len(caplog.messages) == 1


def test_what_is_cut_off_in_one_second_stands_in_files_of_its_own(disk: FailingDisk, tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    kept = [keep_beside(disk, "a.log", b"%d" % number) for number in range(3)]
    assert kept == [f"a.log.torn-20261121T120007{suffix}" for suffix in ("", "-1", "-2")]
    assert [(tmp_path / path).read_bytes() for path in kept] == [b"0", b"1", b"2"]
    assert os.listdir("/proc/self/fd") == before


def test_where_no_file_can_be_made_beside_it_there_is_a_place_in_the_servers_own_folder(
    disk: FailingDisk, tmp_path: Path
) -> None:
    disk.fail_at = 0
    kept = keep_beside(disk, "user/a.log", b"cut off")
    assert kept == ".everstore/kept/user/a.log.torn-20261121T120007"
    assert (tmp_path / kept).read_bytes() == b"cut off"


def test_a_full_disk_is_no_reason_to_look_for_another_place(tmp_path: Path) -> None:
    with pytest.raises(NoSpace):
        keep_beside(FailingDisk(str(tmp_path), fail_at=0, full=True), "a.log", b"cut off")


def test_a_journal_is_judged_as_it_stands_in_its_file(disk: FailingDisk, tmp_path: Path) -> None:
    fd = disk.open("a.log")
    assert judge_file(disk, fd).keep == len(REPAIRED)
    (tmp_path / "a.log").write_bytes(b"")
    found = judge_file(disk, fd)
    assert (found.keep, found.turn, found.why) == (0, (), "")
