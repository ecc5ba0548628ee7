from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore import limits
from everstore.errors import NoSpace
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.records import APPEND, CANCEL, SECTOR_BYTES, Entry, Header, Log, decode, record_bytes

HEADER = Header(6, workers=2, durable=True, clean=False, boot=b"b" * 36)
OS_HEADER = Header(6, workers=2, durable=False, clean=False, boot=b"b" * 36)
ENTRY = Entry(APPEND, b"/a", 0, b"x" * 100 + b"\0")


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(limits, "COMMIT_LOG_BYTES", 8 * SECTOR_BYTES)
    (tmp_path / ".everstore").mkdir()
    return tmp_path


def decoded(directory: Path) -> Log:
    return decode((directory / path_of(1)).read_bytes())


def test_a_log_begins_empty_in_the_next_epoch_and_says_what_run_it_is_of(directory: Path) -> None:
    disk = FailingDisk(str(directory))
    CommitLog(disk, 1, OS_HEADER)
    found = decoded(directory)
    assert found.header == Header(7, workers=2, durable=False, clean=False, boot=b"b" * 36)
    assert (found.batches, found.damage) == ([], "")
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES
    assert disk.calls == ["create", "truncate", "allocate", "write", "sync"], "durable whatever the setting"


@pytest.mark.parametrize("size", [0, 1, 8 * SECTOR_BYTES - 1, 8 * SECTOR_BYTES + 1])
def test_a_log_of_another_size_loses_what_it_held(directory: Path, size: int) -> None:
    (directory / path_of(1)).write_bytes(b"x" * size)
    CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    data = (directory / path_of(1)).read_bytes()
    assert len(data) == limits.COMMIT_LOG_BYTES
    assert b"x" not in data


def test_a_log_of_the_right_size_is_used_as_it_is_on_the_disk(directory: Path) -> None:
    CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    disk = FailingDisk(str(directory))
    CommitLog(disk, 1, HEADER)
    assert disk.calls == ["create", "write", "sync"], "nothing is allocated anew"


def test_where_there_is_no_room_for_a_log_none_of_it_stays(directory: Path) -> None:
    disk = FailingDisk(str(directory), full=True, fail_at=1)
    opened = os.listdir("/proc/self/fd")
    with pytest.raises(NoSpace):
        CommitLog(disk, 1, HEADER)
    assert (directory / path_of(1)).stat().st_size == 0
    assert os.listdir("/proc/self/fd") == opened, "its file is closed"


def test_a_part_of_a_log_that_could_be_allocated_is_given_back(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = AbandonedDisk(str(directory))

    def allocate_a_part(fd: int, size: int) -> None:
        os.pwrite(fd, bytes(size // 2), 0)
        raise NoSpace("the disk is full")

    monkeypatch.setattr(disk, "allocate", allocate_a_part)
    with pytest.raises(NoSpace):
        CommitLog(disk, 1, HEADER)
    assert (directory / path_of(1)).stat().st_size == 0


def test_batches_and_what_takes_them_back_stand_one_behind_the_other(directory: Path) -> None:
    log = CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    more = [ENTRY, Entry(APPEND, b"/b", 5, b"y" * 600 + b"\0")]
    log.append([ENTRY])
    log.append(more)
    log.cancel(more[1:])
    assert decoded(directory).batches == [[ENTRY], more, [Entry(CANCEL, b"/b", 5, b"")]]


def test_there_is_room_while_a_batch_and_its_cancellation_fit(directory: Path) -> None:
    """Seven sectors are left behind the header; each batch and its cancellation take one each."""
    log = CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    for _ in range(5):
        log.append([ENTRY])
    assert log.has_room([ENTRY])
    log.append([ENTRY])
    assert not log.has_room([ENTRY])
    log.cancel([ENTRY])
    assert len(decoded(directory).batches) == 7
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES


def test_a_batch_that_just_fits_needs_no_further_room(directory: Path) -> None:
    disk = FailingDisk(str(directory))
    log = CommitLog(disk, 1, HEADER)
    log.append([Entry(APPEND, b"/a", 0, b"x" * (6 * SECTOR_BYTES - record_bytes([]) + 400))])
    assert "allocate_more" not in disk.calls


def test_a_batch_over_the_logs_size_makes_it_grow_until_it_is_recycled(directory: Path) -> None:
    disk = FailingDisk(str(directory))
    log = CommitLog(disk, 1, HEADER)
    large = [Entry(APPEND, b"/a", 0, b"x" * 7 * SECTOR_BYTES + b"\0")]
    log.append(large)
    log.cancel(large)
    assert disk.calls[-3:] == ["allocate_more", "write", "write"], "room for both before either is written"
    grown = (directory / path_of(1)).stat().st_size
    assert grown == SECTOR_BYTES + record_bytes(large) + SECTOR_BYTES
    assert not log.has_room([ENTRY])
    log.recycle()
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES
    for _ in range(6):
        assert log.has_room([ENTRY])
        log.append([ENTRY])
    assert disk.calls.count("allocate_more") == 1


def test_a_recycled_log_is_empty_one_epoch_later(directory: Path) -> None:
    log = CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    log.append([ENTRY])
    log.append([ENTRY])
    log.recycle()
    found = decoded(directory)
    assert found.header is not None
    assert (found.header.epoch, found.header.clean, found.batches) == (8, False, [])
    log.append([ENTRY])
    assert (decoded(directory).batches, decoded(directory).damage) == ([[ENTRY]], "")


@pytest.mark.parametrize(("header", "calls"), [(HEADER, ["write", "sync"]), (OS_HEADER, ["write"])])
def test_a_new_epoch_is_as_durable_as_the_setting_asks(directory: Path, header: Header, calls: list[str]) -> None:
    disk = FailingDisk(str(directory))
    log = CommitLog(disk, 1, header)
    disk.calls.clear()
    log.recycle()
    assert disk.calls == calls


@pytest.mark.parametrize("header", [HEADER, OS_HEADER])
def test_a_log_that_is_closed_says_durably_that_there_is_nothing_to_replay(directory: Path, header: Header) -> None:
    disk = FailingDisk(str(directory))
    opened = set(os.listdir("/proc/self/fd"))
    log = CommitLog(disk, 1, header)
    log.append([ENTRY])
    log.sync()
    disk.calls.clear()
    log.close()
    assert disk.calls == ["write", "sync"]
    found = decoded(directory)
    assert found.header is not None
    assert (found.header.clean, found.header.epoch, found.batches) == (True, 8, [])
    assert set(os.listdir("/proc/self/fd")) == opened


def test_a_sync_makes_the_logs_own_file_durable(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    synced: list[str] = []
    monkeypatch.setattr(os, "fdatasync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    log.sync()
    assert synced == [str(directory / path_of(1))]


@pytest.mark.parametrize("later", [1, 2, 3])
def test_a_large_record_that_does_not_fit_in_the_middle_was_never_written(directory: Path, later: int) -> None:
    disk = FailingDisk(str(directory), full=True)
    log = CommitLog(disk, 1, HEADER)
    log.append([ENTRY])
    large = [Entry(APPEND, b"/%d" % number, 0, b"x" * 60_000 + b"\0") for number in range(3)]
    disk.fail_at = len(disk.calls) + later  # behind the call that makes room
    with pytest.raises(NoSpace):
        log.append(large)
    assert decoded(directory).batches == [[ENTRY]]
    log.append([ENTRY])
    assert decoded(directory).batches == [[ENTRY], [ENTRY]]
