from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore import limits
from everstore.errors import NoSpace, Refused, StorageFailed
from everstore.storage.journals import JournalFiles
from everstore.storage.trust import Trust, doubt_everything

STAMP = b"2026-11-21T12:00:00.000"
LINE = STAMP + b" t 1"


@pytest.fixture
def files(tmp_path: Path) -> JournalFiles:
    disk = AbandonedDisk(str(tmp_path))
    return JournalFiles(disk, Trust(disk))


@pytest.mark.parametrize("event", [b"t", b"t 1", b"t " + b"x" * 5000, b"t " + b"x" * 3_000_000])
def test_a_journal_is_known_by_its_size_and_its_last_line(tmp_path: Path, files: JournalFiles, event: bytes) -> None:
    data = LINE + b"\n" + STAMP[:-1] + b"1 " + event + b"\0"
    (tmp_path / "a.log").write_bytes(data)
    loaded = files.load(b"/a")
    assert (loaded.size, loaded.stamp, loaded.damage) == (len(data), STAMP[:-1] + b"1", "")


@pytest.mark.parametrize(
    "data",
    [
        LINE,
        LINE + b"\n",
        LINE + b"\0\0",
        LINE + b"\n\0",
        LINE + b"\0" + LINE,
        LINE + b"\0" + LINE + b"\0",
        LINE + b"\nt 1\0",
        STAMP + b" \0",
        b"\0",
        b"hello",
    ],
)
def test_an_end_that_is_none_is_damage(tmp_path: Path, files: JournalFiles, data: bytes) -> None:
    (tmp_path / "a.log").write_bytes(data)
    assert files.load(b"/a").damage


def test_a_journal_that_is_not_there_or_empty_is_no_damage(tmp_path: Path, files: JournalFiles) -> None:
    (tmp_path / "empty.log").touch()
    for name in (b"/empty", b"/nothing", b"/no/folder"):
        assert files.load(name) == files.load(b"/empty")
    assert files.load(b"/empty").size == 0


def test_an_append_makes_folders_and_turns_the_marker(tmp_path: Path, files: JournalFiles) -> None:
    files.append(b"/a/b/c", 0, LINE + b"\0")
    files.append(b"/a/b/c", len(LINE) + 1, LINE + b"\0")
    assert (tmp_path / "a/b/c.log").read_bytes() == LINE + b"\n" + LINE + b"\0"
    assert (tmp_path / "a/b/c.log").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o750


def test_few_files_are_open_and_those_in_use_stay(files: JournalFiles) -> None:
    opened = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(3 * limits.OPEN_FILES_MAX):
        files.append(b"/%d" % number, 0, LINE + b"\0")
    assert len(list(Path("/proc/self/fd").iterdir())) - opened <= limits.OPEN_FILES_MAX
    assert files.read(b"/0", 0, 3) == LINE[:3]
    files.keep_only({b"/0"})
    assert len(list(Path("/proc/self/fd").iterdir())) - opened == 1


def test_a_symbolic_link_is_no_journal_wherever_it_leads(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    (inside / "real").mkdir(parents=True)
    (inside / "real/a.log").write_bytes(LINE + b"\0")
    (inside / "folder").symlink_to("real")
    (inside / "file.log").symlink_to("real/a.log")
    disk = AbandonedDisk(str(inside))
    files = JournalFiles(disk, Trust(disk))
    for name in (b"/folder/a", b"/file"):
        with pytest.raises(Refused) as refused:
            files.load(name)
        assert refused.value.code == 8


def test_a_file_that_became_shorter_is_a_failed_read(tmp_path: Path, files: JournalFiles) -> None:
    files.append(b"/a", 0, LINE + b"\0")
    (tmp_path / "a.log").write_bytes(LINE[:5])
    with pytest.raises(Refused) as refused:
        files.read(b"/a", 0, len(LINE))
    assert refused.value.code == 5


@pytest.mark.parametrize("there", [False, True], ids=["missing", "empty"])
def test_a_journal_that_has_lost_all_its_acknowledged_bytes_is_damaged(tmp_path: Path, there: bool) -> None:
    (tmp_path / ".everstore").mkdir()
    disk = AbandonedDisk(str(tmp_path))
    trust = Trust(disk)
    trust.note_damage(b"/a", "the file is missing, though 9 bytes of it were acknowledged")
    if there:
        (tmp_path / "a.log").touch()
    loaded = JournalFiles(disk, trust).load(b"/a")
    assert (loaded.size, loaded.damage) == (0, "the file is missing, though 9 bytes of it were acknowledged")
    assert JournalFiles(disk, trust).load(b"/b").damage == ""


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (LINE + b"\0" + LINE[:26], LINE + b"\0"),
        (LINE + b"\0\n", LINE + b"\0"),
        (LINE + b"\0" + LINE + b"\0", LINE + b"\0" + LINE + b"\0"),
        (LINE[:26], b""),
        (LINE + b"\n" + LINE[:26], b""),
        (LINE + b"\n" + LINE + b"\n", LINE + b"\n" + LINE + b"\n"),
    ],
)
def test_of_a_damaged_journal_only_whole_transactions_are_served(
    tmp_path: Path, files: JournalFiles, data: bytes, whole: bytes
) -> None:
    (tmp_path / "a.log").write_bytes(data)
    loaded = files.load(b"/a")
    assert loaded.damage
    assert loaded.size == len(whole)


def test_a_journal_that_is_gone_is_never_made_anew_behind_its_start(tmp_path: Path, files: JournalFiles) -> None:
    files.append(b"/a", 0, LINE + b"\0")
    files.forget(b"/a")
    (tmp_path / "a.log").unlink()
    with pytest.raises(StorageFailed, match="gone"):
        files.append(b"/a", len(LINE) + 1, LINE + b"\0")
    assert not (tmp_path / "a.log").exists()


def test_what_is_mounted_below_the_directory_is_no_place_for_journals() -> None:
    """The root of the file system, and /proc below it, stand for a directory and what is mounted there."""
    disk = AbandonedDisk("/")
    with pytest.raises(Refused, match="another file system") as refused:
        JournalFiles(disk, Trust(disk)).load(b"/proc/version")
    assert refused.value.code == 8


@pytest.mark.parametrize("call", range(5))
def test_a_journal_that_cannot_be_repaired_is_damaged_and_nothing_else(tmp_path: Path, call: int) -> None:
    """The calls: making the file for what is cut off, writing and syncing it, syncing its name, cutting the journal."""
    (tmp_path / ".everstore").mkdir()
    (tmp_path / "a.log").write_bytes(LINE + b"\0" + LINE[:26])
    doubt_everything(AbandonedDisk(str(tmp_path)), "a test")
    disk = FailingDisk(str(tmp_path), fail_at=call)
    files = JournalFiles(disk, Trust(disk))
    if call == 0:
        assert not files.load(b"/a").damage, "there is another place for it"
        return
    with pytest.raises(StorageFailed):
        files.load(b"/a")
    after = JournalFiles(disk, Trust(disk))
    loaded = after.load(b"/a")
    assert loaded.size == len(LINE) + 1, "what is whole can be read"
    assert "could not be repaired" in loaded.damage
    assert Trust(disk).damage_of(b"/a") == loaded.damage, "also after the next start"
    assert after.load(b"/b").damage == ""


def test_a_journal_whose_file_may_not_be_written_is_damaged_and_the_worker_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".everstore").mkdir()
    (tmp_path / "a.log").write_bytes(LINE + b"\0" + LINE[:26])
    doubt_everything(AbandonedDisk(str(tmp_path)), "a test")

    def not_permitted(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "ftruncate", not_permitted)
    loaded = JournalFiles(disk := AbandonedDisk(str(tmp_path)), Trust(disk)).load(b"/a")
    assert (loaded.size, loaded.damage) == (
        len(LINE) + 1,
        "it could not be repaired: truncating: Operation not permitted",
    )


def refused_by(call: Callable[[], object]) -> tuple[int, str]:
    """The code and the reason with which a call refuses."""
    with pytest.raises(Refused) as refused:
        call()
    return int(refused.value.code), refused.value.reason


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM, errno.EACCES])
def test_a_file_that_cannot_be_opened_is_a_failed_read(
    files: JournalFiles, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fail)
    expected = (5, f"its file cannot be read: {os.strerror(number)}")
    assert refused_by(lambda: files.load(b"/a")) == expected
    assert refused_by(lambda: files.read(b"/a", 0, 1)) == expected
    assert refused_by(lambda: files.prepare(b"/a"))[0] == 15


def test_a_read_of_a_disk_that_fails_is_refused(
    tmp_path: Path, files: JournalFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_bytes(LINE + b"\0")

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", fail)
    for call in (lambda: files.load(b"/a"), lambda: files.read(b"/a", 0, 1)):
        assert refused_by(call) == (5, "its file cannot be read: Input/output error")


def test_a_journal_that_there_is_no_room_to_repair_is_refused_and_repaired_when_there_is(tmp_path: Path) -> None:
    (tmp_path / ".everstore").mkdir()
    (tmp_path / "a.log").write_bytes(LINE + b"\0" + LINE[:26])
    doubt_everything(AbandonedDisk(str(tmp_path)), "a test")
    disk = FailingDisk(str(tmp_path), fail_at=1, full=True)
    files = JournalFiles(disk, Trust(disk))
    code, reason = refused_by(lambda: files.load(b"/a"))
    assert (code, reason.startswith("it has to be repaired, and there is no room for that")) == (15, True)
    loaded = files.load(b"/a")
    assert (loaded.size, loaded.damage) == (len(LINE) + 1, "")


def test_where_a_line_begins_is_known_from_the_byte_before_it(files: JournalFiles) -> None:
    files.append(b"/a", 0, LINE + b"\n" + LINE + b"\0")
    size = 2 * len(LINE) + 2
    assert [at for at in range(size + 1) if files.begins_line(b"/a", at)] == [0, len(LINE) + 1, size]
    assert files.begins_line(b"/nothing", 0)


def test_of_a_journal_that_is_not_there_nothing_can_be_read(files: JournalFiles) -> None:
    assert files.read(b"/a", 0, 0) == b""
    assert refused_by(lambda: files.read(b"/a", 7, 1)) == (5, "the file ends at byte 7, before it should")


def test_a_journal_that_is_not_open_can_be_forgotten(tmp_path: Path, files: JournalFiles) -> None:
    files.forget(b"/a")
    files.append(b"/a", 0, LINE + b"\0")
    for _ in range(2):
        files.forget(b"/a")
    assert files.read(b"/a", 0, len(LINE)) == LINE
    assert (tmp_path / "a.log").read_bytes() == LINE + b"\0"


def test_the_longest_unused_file_is_closed_for_the_next(files: JournalFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_open_max", 2)
    closed: list[str] = []
    close = os.close

    def noting(fd: int) -> None:
        closed.append(os.path.basename(os.readlink(f"/proc/self/fd/{fd}")))
        close(fd)

    for name in (b"/a", b"/b", b"/c", b"/d"):
        files.append(name, 0, LINE + b"\0")
    monkeypatch.setattr(os, "close", noting)
    files.read(b"/c", 0, 1)
    files.append(b"/e", 0, LINE + b"\0")
    assert [each for each in closed if each.endswith(".log")] == ["d.log"]


@pytest.mark.parametrize(("allowed", "open_at_once"), [(20, 10), (21, 10), (resource.RLIM_INFINITY, 60)])
def test_half_of_what_the_process_may_open_is_for_journals(
    tmp_path: Path, allowed: int, open_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (allowed, 10**6))
    disk = AbandonedDisk(str(tmp_path))
    files = JournalFiles(disk, Trust(disk))
    before = len(os.listdir("/proc/self/fd"))
    for number in range(60):
        files.append(b"/%d" % number, 0, LINE + b"\0")
    assert len(os.listdir("/proc/self/fd")) - before == open_at_once
    assert files.size_max == (allowed if allowed > 0 else sys.maxsize)


def test_the_file_of_a_new_journal_is_made_empty_and_one_that_is_there_is_left(
    tmp_path: Path, files: JournalFiles
) -> None:
    files.prepare(b"/a/b")
    assert (tmp_path / "a/b.log").read_bytes() == b""
    files.append(b"/a/b", 0, LINE + b"\0")
    files.prepare(b"/a/b")
    assert (tmp_path / "a/b.log").read_bytes() == LINE + b"\0"


@pytest.mark.parametrize("full", [False, True])
def test_a_new_journal_whose_file_cannot_be_made_is_refused(tmp_path: Path, full: bool) -> None:
    disk = FailingDisk(str(tmp_path), fail_at=0, full=full)
    files = JournalFiles(disk, Trust(disk))
    code, reason = refused_by(lambda: files.prepare(b"/a"))
    assert (code, reason) == (15, f"its file cannot be made: the disk {'is full' if full else 'has failed'}")


@pytest.mark.parametrize("call", [0, 1], ids=["the lines", "the marker"])
def test_an_append_without_room_is_cut_off_again(tmp_path: Path, call: int) -> None:
    disk = FailingDisk(str(tmp_path), full=True, tear=True)
    files = JournalFiles(disk, Trust(disk))
    files.append(b"/a", 0, LINE + b"\0")
    disk.fail_at = len(disk.calls) + call
    with pytest.raises(NoSpace):
        files.append(b"/a", len(LINE) + 1, LINE + b"\0")
    assert (tmp_path / "a.log").read_bytes() == LINE + b"\0"


def test_an_append_that_fails_otherwise_is_left_to_repair(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path), tear=True)
    files = JournalFiles(disk, Trust(disk))
    files.append(b"/a", 0, LINE + b"\0")
    disk.fail_at = len(disk.calls)
    with pytest.raises(StorageFailed):
        files.append(b"/a", len(LINE) + 1, LINE + b"\0")
    assert disk.calls[-1] == "write", "nothing is tried behind it"


def test_what_is_damaged_is_said_once_it_is_used(
    tmp_path: Path, files: JournalFiles, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.log").write_bytes(b"hello")
    (tmp_path / "b.log").write_bytes(LINE + b"\0")
    files.load(b"/b")
    assert caplog.messages == []
    files.load(b"/a")
    (said,) = caplog.messages
    assert said.startswith("damaged, so nothing is appended to it: it does not end as a journal does")
