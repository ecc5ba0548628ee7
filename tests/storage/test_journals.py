from __future__ import annotations

from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore import limits
from everstore.errors import Refused, StorageFailed
from everstore.storage.journals import JournalFiles
from everstore.storage.trust import Trust, doubt_everything

STAMP = b"2026-11-21T12:00:00.000"
LINE = STAMP + b" t 1"


@pytest.fixture
def files(tmp_path: Path) -> JournalFiles:
    disk = AbandonedDisk(str(tmp_path))
    return JournalFiles(disk, Trust(disk))


@pytest.mark.parametrize("event", [b"t 1", b"t " + b"x" * 5000, b"t " + b"x" * 3_000_000])
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
    assert after.load(b"/b").damage == ""
