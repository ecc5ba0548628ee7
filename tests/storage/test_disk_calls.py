"""What each call on the disk does, and what it makes of what the system says."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk

from everstore.errors import NoSpace, StorageFailed
from everstore.storage import disk as disk_module
from everstore.storage.disk import Disk


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return AbandonedDisk(str(tmp_path))


@pytest.fixture
def fd(disk: Disk) -> Iterator[int]:
    found = disk.create("file")
    disk.write(found, 0, b"0123456789")
    return found


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


def open_files() -> set[str]:
    return {name for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")}


# -- reading and writing


def test_what_is_written_is_read_where_it_stands(disk: Disk, fd: int, tmp_path: Path) -> None:
    disk.write(fd, 8, b"abc")
    assert (tmp_path / "file").read_bytes() == b"01234567abc"
    assert disk.read(fd, 7, 3) == b"7ab"
    assert disk.read(fd, 9, 100) == b"bc", "less at the end of the file"
    assert disk.read(fd, 100, 1) == b""
    assert (disk.size(fd), disk.size_of("file"), disk.size_of("nothing"), disk.size_of("no/thing")) == (11, 11, 0, 0)


@pytest.mark.parametrize("most", [1, 3, 9])
def test_a_read_that_comes_in_pieces_is_put_together(
    disk: Disk, fd: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pread = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, count, at: pread(fd, min(count, most), at))
    assert disk.read(fd, 1, 9) == b"123456789"
    assert disk.read(fd, 1, 5) == b"12345"
    assert disk.read(fd, 1, 20) == b"123456789"


@pytest.mark.parametrize("most", [1, 3, 9])
def test_a_write_that_goes_in_pieces_is_written_whole(
    disk: Disk, fd: int, tmp_path: Path, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, bytes(data[:most]), at))
    disk.write(fd, 5, b"abcdefghij")
    assert (tmp_path / "file").read_bytes() == b"01234abcdefghij"


def test_a_file_is_known_to_be_as_old_as_its_last_write(disk: Disk, fd: int, tmp_path: Path) -> None:
    os.utime(tmp_path / "file", ns=(5, 1234567890))
    assert disk.modified_ns(fd) == 1234567890


def test_truncating_cuts_off_what_stands_behind(disk: Disk, fd: int, tmp_path: Path) -> None:
    disk.truncate(fd, 4)
    assert (tmp_path / "file").read_bytes() == b"0123"


# -- room


def test_what_is_allocated_is_zeros_that_are_on_the_disk(disk: Disk, fd: int, tmp_path: Path) -> None:
    size = 64 * 1024 * 2 + 1000
    disk.allocate(fd, size)
    assert (tmp_path / "file").read_bytes() == bytes(size)
    assert os.fstat(fd).st_blocks * 512 >= size


def test_room_for_more_leaves_what_is_there(disk: Disk, fd: int, tmp_path: Path) -> None:
    disk.allocate_more(fd, 5000)
    assert (tmp_path / "file").read_bytes() == b"0123456789" + bytes(4990)
    assert os.fstat(fd).st_blocks * 512 >= 5000


def test_what_is_free_is_what_an_ordinary_user_may_write(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    room = os.statvfs_result((4096, 1024, 100, 50, 20, 1, 1, 1, 0, 255))
    monkeypatch.setattr(os, "fstatvfs", lambda _: room)
    assert disk.free_bytes() == 20 * 1024


# -- files by name


def test_a_file_that_must_be_new_is_made_once(disk: Disk) -> None:
    disk.create("a/b/new", exclusive=True)
    with pytest.raises(FileExistsError):
        disk.create("a/b/new", exclusive=True)
    disk.create("a/b/new")


def test_a_file_that_is_not_there_is_not_opened(disk: Disk) -> None:
    for path in ("nothing", "no/thing"):
        with pytest.raises(FileNotFoundError):
            disk.open(path)


@pytest.mark.parametrize(("path", "error"), [("file/below", NotADirectoryError), ("folder", IsADirectoryError)])
@pytest.mark.usefixtures("fd")
def test_what_is_no_place_for_a_file_is_said_as_it_is(
    disk: Disk, tmp_path: Path, path: str, error: type[OSError]
) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(error):
        disk.create(path)


@pytest.mark.usefixtures("fd")
def test_a_file_is_renamed_between_folders_and_removed_once_or_twice(disk: Disk, tmp_path: Path) -> None:
    disk.create("folder/other")
    disk.rename("file", "folder/file")
    assert sorted(os.listdir(tmp_path)) == ["folder"]
    assert sorted(entry.name for entry in disk.entries("folder/")) == ["file", "other"]
    for _ in range(2):
        disk.remove("folder/file")
        disk.remove("no/folder")
    assert os.listdir(tmp_path / "folder") == ["other"]


def test_no_call_by_name_leaves_a_folder_open(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    before = open_files()
    disk.close(disk.create("a/b/file"))
    disk.close(disk.open("a/b/file"))
    disk.append("a/b/log", b"line\n")
    disk.rename("a/b/log", "a/log")
    disk.remove("a/log")
    disk.sync_directory("a/b")
    assert [entry.name for entry in disk.entries("a/b/")] == ["file"]
    assert disk.size_of("a/b/file") == 0
    for call in (disk.open, disk.create, disk.size_of):
        with pytest.raises((OSError, StorageFailed)):
            call("a/b/file/below")
    assert open_files() == before


# -- short lines


def test_lines_are_added_one_behind_the_other(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    disk.append("folder/log", b"one\n")
    disk.append("folder/log", b"two\n")
    assert (tmp_path / "folder/log").read_bytes() == b"one\ntwo\n"


def test_a_line_that_was_torn_stays_a_line_of_its_own(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"one\nto")
    disk.append("log", b"three\n")
    assert (tmp_path / "log").read_bytes() == b"one\nto\nthree\n"


def test_a_line_that_is_written_in_part_is_a_full_disk(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:2]))
    before = open_files()
    with pytest.raises(NoSpace, match="appending to log: No space left on device"):
        disk.append("log", b"line\n")
    assert open_files() == before
    assert (tmp_path / "log").read_bytes() == b"li"


def test_a_line_is_durable_and_so_is_its_file(disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder").mkdir()
    synced: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda fd: synced.append(os.readlink(f"/proc/self/fd/{fd}")))
    disk.append("folder/log", b"line\n")
    assert synced == [str(tmp_path / "folder/log"), str(tmp_path / "folder")]


# -- what the system says


CHANGING: dict[str, tuple[str, Callable[[Disk, int], object]]] = {
    "write": ("pwrite", lambda disk, fd: disk.write(fd, 0, b"x")),
    "truncate": ("ftruncate", lambda disk, fd: disk.truncate(fd, 0)),
    "allocate": ("posix_fallocate", lambda disk, fd: disk.allocate(fd, 9)),
    "allocate, its zeros": ("pwrite", lambda disk, fd: disk.allocate(fd, 9)),
    "allocate_more": ("posix_fallocate", lambda disk, fd: disk.allocate_more(fd, 9)),
    "create": ("open", lambda disk, _: disk.create("new")),
    "create, its folder": ("mkdir", lambda disk, _: disk.create("a/new")),
    "append": ("write", lambda disk, _: disk.append("log", b"line\n")),
    "append, its sync": ("fsync", lambda disk, _: disk.append("log", b"line\n")),
    "rename": ("rename", lambda disk, _: disk.rename("file", "other")),
    "remove": ("unlink", lambda disk, _: disk.remove("file")),
}
SYNCING: dict[str, tuple[str, Callable[[Disk, int], object]]] = {
    "sync": ("fdatasync", lambda disk, fd: disk.sync(fd)),
    "sync_directory": ("fsync", lambda disk, _: disk.sync_directory("")),
}


@pytest.mark.parametrize("call", list(CHANGING))
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_from_all_else(
    disk: Disk, fd: int, call: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, made = CHANGING[call]
    monkeypatch.setattr(os, function, failing(number))
    with pytest.raises(NoSpace, match=os.strerror(number)):
        made(disk, fd)


@pytest.mark.parametrize("call", [*CHANGING, *SYNCING])
def test_any_other_failure_is_one_of_the_storage(
    disk: Disk, fd: int, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, made = {**CHANGING, **SYNCING}[call]
    monkeypatch.setattr(os, function, failing(errno.EIO))
    with pytest.raises(StorageFailed, match=r"^\w.*: Input/output error$") as failed:
        made(disk, fd)
    assert isinstance(failed.value.__cause__, OSError)


@pytest.mark.parametrize("call", list(SYNCING))
def test_a_sync_on_a_full_disk_may_have_lost_what_was_written(
    disk: Disk, fd: int, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, made = SYNCING[call]
    monkeypatch.setattr(os, function, failing(errno.ENOSPC))
    with pytest.raises(StorageFailed):
        made(disk, fd)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_file_system_that_cannot_be_synced_is_a_failure(
    disk: Disk, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FailingLibrary:
        @staticmethod
        def syncfs(_: int) -> int:
            ctypes.set_errno(number)
            return -1

    disk.sync_all()
    monkeypatch.setattr(disk_module, "_libc", FailingLibrary)
    with pytest.raises(StorageFailed, match=f"syncing the file system: {os.strerror(number)}"):
        disk.sync_all()


def test_an_error_without_a_number_is_told_by_its_text(disk: Disk, fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("odd")

    monkeypatch.setattr(os, "pwrite", fail)
    with pytest.raises(StorageFailed, match="writing: odd"):
        disk.write(fd, 0, b"x")


def test_what_is_no_error_of_the_system_goes_through(disk: Disk, fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "pwrite", stop)
    with pytest.raises(KeyboardInterrupt):
        disk.write(fd, 0, b"x")


def test_reading_raises_what_the_system_says(disk: Disk, fd: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "pread", failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        disk.read(fd, 0, 1)


def test_no_file_that_is_opened_is_inherited_by_a_program(disk: Disk, fd: int) -> None:
    other = disk.open("file")
    assert [os.get_inheritable(each) for each in (fd, other)] == [False, False]


def test_the_systems_own_word_is_heard_when_the_file_system_cannot_be_synced(disk: Disk) -> None:
    disk._directory, directory = -1, disk._directory  # noqa: SLF001
    with pytest.raises(StorageFailed, match="syncing the file system: Bad file descriptor"):
        disk.sync_all()
    disk._directory = directory  # noqa: SLF001


@pytest.mark.usefixtures("fd")
def test_a_link_has_not_the_size_of_what_it_leads_to(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "nowhere").symlink_to("nothing")
    assert disk.size_of("link") == len("file")
    assert disk.size_of("nowhere") == len("nothing")
