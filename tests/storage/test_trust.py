"""What is kept about journals beyond their own bytes: which are in doubt, and which are damaged."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.fakes.disk import FailingDisk

from everstore.errors import StorageFailed
from everstore.storage.trust import DAMAGED, UNVOUCHED, Trust, damaged_lines, doubt_everything, write_whole


@pytest.fixture
def disk(tmp_path: Path) -> FailingDisk:
    (tmp_path / ".everstore").mkdir()
    return FailingDisk(str(tmp_path))


def test_where_nothing_is_noted_every_journal_is_trusted(disk: FailingDisk) -> None:
    trust = Trust(disk)
    assert not trust.doubts(1)
    assert (trust.damage_of(b"/a"), trust.damaged) == ("", {})


def test_journals_written_up_to_the_latest_moment_are_doubted_and_later_ones_are_not(
    disk: FailingDisk, tmp_path: Path
) -> None:
    (tmp_path / UNVOUCHED).write_bytes(b"100\ta reason\n300\tanother\n200\n")
    trust = Trust(disk)
    assert [trust.doubts(at) for at in (1, 299, 300, 301)] == [True, True, True, False]


@pytest.mark.parametrize("line", [b"", b"x", b"12x\ta reason", b"\t", b"-1\ta reason", b" 1", b"\xff"])
def test_a_line_that_somebody_has_spoilt_doubts_everything(disk: FailingDisk, tmp_path: Path, line: bytes) -> None:
    (tmp_path / UNVOUCHED).write_bytes(b"100\ta reason\n" + line + b"\n")
    assert Trust(disk).doubts(time.time_ns() * 4)


def test_what_is_doubted_is_what_was_written_before_now(disk: FailingDisk, tmp_path: Path) -> None:
    before = time.time_ns()
    doubt_everything(disk, "a test")
    trust = Trust(disk)
    assert trust.doubts(before)
    assert not trust.doubts(time.time_ns() + 1)
    moment, why = (tmp_path / UNVOUCHED).read_bytes().split(b"\t")
    assert before <= int(moment) <= time.time_ns()
    assert why == b"a test\n"


def test_damage_is_known_at_once_and_at_the_next_start(disk: FailingDisk, tmp_path: Path) -> None:
    trust = Trust(disk)
    trust.note_damage(b"/a", "too short")
    trust.note_damage(b"/b", "too long")
    trust.note_damage(b"/a", "and something else")
    for each in (trust, Trust(disk)):
        assert each.damaged == {b"/a": "and something else", b"/b": "too long"}
        assert each.damage_of(b"/a") == "and something else"
        assert each.damage_of(b"/c") == ""
    assert (tmp_path / DAMAGED).read_bytes() == b"/a\ttoo short\n/b\ttoo long\n/a\tand something else\n"


def test_a_line_of_damage_that_was_torn_is_passed_over() -> None:
    assert damaged_lines(b"/a\ttoo short\n/torn\n\n/b\tone\ttwo\n/en") == {b"/a": b"too short", b"/b": b"one\ttwo"}


def test_what_a_person_had_repaired_is_forgotten_at_once_and_for_good(disk: FailingDisk, tmp_path: Path) -> None:
    trust = Trust(disk)
    for name in (b"/a", b"/b", b"/c"):
        trust.note_damage(name, "too short")
    trust.keep_only({b"/b", b"/c", b"/x"})
    assert trust.damaged == Trust(disk).damaged == {b"/b": "too short", b"/c": "too short"}
    assert (tmp_path / DAMAGED).read_bytes() == b"/b\ttoo short\n/c\ttoo short\n"


def test_a_small_file_is_replaced_whole_and_durably(disk: FailingDisk, tmp_path: Path) -> None:
    (tmp_path / "small").write_bytes(b"what was there before, which is longer")
    (tmp_path / f"small.new-{os.getpid()}").write_bytes(b"left by a process of before, and longer")
    before = os.listdir("/proc/self/fd")
    write_whole(disk, "small", b"new")
    assert disk.calls == ["create", "truncate", "write", "sync", "rename", "sync_directory"]
    assert (tmp_path / "small").read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == [".everstore", "small"]
    (tmp_path / f"small.new-{os.getpid()}").write_bytes(b"left")
    write_whole(disk, "small", b"")
    assert (tmp_path / "small").read_bytes() == b""
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("call", range(5))
def test_a_small_file_that_cannot_be_replaced_stays_as_it_was(disk: FailingDisk, tmp_path: Path, call: int) -> None:
    (tmp_path / "small").write_bytes(b"before")
    before = os.listdir("/proc/self/fd")
    disk.fail_at = call
    with pytest.raises(StorageFailed):
        write_whole(disk, "small", b"new")
    assert (tmp_path / "small").read_bytes() == b"before"
    assert os.listdir("/proc/self/fd") == before


def test_looking_leaves_no_file_open(disk: FailingDisk) -> None:
    doubt_everything(disk, "a test")
    Trust(disk).note_damage(b"/a", "too short")
    before = os.listdir("/proc/self/fd")
    Trust(disk)
    assert os.listdir("/proc/self/fd") == before
