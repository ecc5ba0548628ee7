"""A directory of copies: each is its journal's beginning, whole, whatever goes wrong in a backup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fakes.disk import FailingDisk

from everstore.errors import ConfigError, DirectoryInUse, StorageFailed
from everstore.storage import copies as copies_module
from everstore.storage.copies import Added, Copies, Copy, Differs
from everstore.storage.directory import claim

STAMP = b"2026-11-21T12:00:00.000 "
LINES = [STAMP + event for event in (b"a.A 1", b"b.Longer 22", b"c.C 3")]
WHOLE = b"\n".join(LINES) + b"\0"
TWO = b"\n".join(LINES[:2]) + b"\0"
PATH = "user/a.log"
NAME = b"/user/a"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "copies"


@pytest.fixture
def copies(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Copies:
    monkeypatch.setattr(copies_module, "Disk", FailingDisk)
    return Copies(str(folder))


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, data: bytes) -> None:
    (folder / PATH).parent.mkdir(parents=True, exist_ok=True)
    (folder / PATH).write_bytes(data)


def breaking(*lines: bytes) -> Iterator[bytes]:
    """Lines that come from a server, until it does not answer any more."""
    yield from lines
    raise ConnectionError


# -- the directory


def test_the_directory_is_made_and_empty(copies: Copies, folder: Path) -> None:
    assert copies.path == str(folder)
    assert copies.names() == set()
    assert folder.stat().st_mode & 0o777 == 0o750


def test_copies_are_named_and_other_files_are_not(copies: Copies, folder: Path) -> None:
    put(folder, WHOLE)
    (folder / "notes.txt").touch()
    (folder / "b.log.torn-20261121T120000").touch()
    assert copies.names() == {NAME}


def test_a_server_that_is_somewhere_below_is_refused(copies: Copies, folder: Path) -> None:
    os.makedirs(folder / "mine")
    os.close(claim(str(folder / "mine"), "a server"))
    with pytest.raises(ConfigError, match=r"mine/\.everstore/lock is a server's: take an empty directory"):
        copies.names()


def test_two_backups_do_not_work_on_one_directory(copies: Copies, folder: Path) -> None:
    with pytest.raises(DirectoryInUse, match="another backup is at work"):
        Copies(str(folder))
    assert copies.names() == set()


@pytest.mark.parametrize("below", ["", "further", "further/below"])
def test_a_servers_directory_is_none_for_copies_nor_is_one_in_it(tmp_path: Path, below: str) -> None:
    lock = claim(str(tmp_path / "journals"), "the server with process id 7")
    where = str(tmp_path / "journals" / below)
    with pytest.raises(DirectoryInUse, match="is in use by the server"):
        Copies(where)
    os.close(lock)
    with pytest.raises(ConfigError, match="is a server's journal directory"):
        Copies(where)
    assert os.listdir(tmp_path / "journals") == [".everstore"]


def test_a_link_into_a_servers_directory_is_seen_through(tmp_path: Path) -> None:
    os.close(claim(str(tmp_path / "journals"), "a server"))
    (tmp_path / "journals/below").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "journals/below")
    with pytest.raises(ConfigError, match="is a server's journal directory"):
        Copies(str(tmp_path / "link"))


def test_what_cannot_be_a_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be used as the directory of a backup: (File exists|Not a dir)"):
        Copies(str(tmp_path / "file"))


# -- what is there


def test_what_is_there_of_a_journal_is_its_size_and_its_last_line(copies: Copies, folder: Path) -> None:
    put(folder, WHOLE)
    before = os.listdir("/proc/self/fd")
    assert copies.look(NAME) == Copy(len(WHOLE), WHOLE.rindex(b"\n") + 1)
    assert copies.size_of(NAME) == len(WHOLE)
    assert copies.fault(NAME) is None
    assert os.listdir("/proc/self/fd") == before
    put(folder, LINES[0] + b"\0")
    assert copies.look(NAME) == Copy(len(LINES[0]) + 1, 0)
    assert copies.size_of(b"/nothing") == 0


def test_what_an_interrupted_backup_has_left_is_made_sound_before_it_is_told(copies: Copies, folder: Path) -> None:
    put(folder, TWO + LINES[2][:9])
    fault = copies.fault(NAME)
    assert fault is not None
    assert fault.at == len(TWO) - 1
    before = os.listdir("/proc/self/fd")
    assert copies.look(NAME) == Copy(len(TWO), len(LINES[0]) + 1)
    assert os.listdir("/proc/self/fd") == before
    assert sorted(held(folder).values()) == sorted([TWO, LINES[2][:9]]), "what was cut off is kept beside it"


# -- growing


def test_the_first_copy_is_made_beside_and_then_named(copies: Copies, folder: Path) -> None:
    added = copies.extend(NAME, Copy(), 0, LINES)
    assert added == Added(3, len(WHOLE))
    assert held(folder) == {PATH: WHOLE}
    assert copies._disk.calls == ["remove", "create", "write", "rename"]  # type: ignore[attr-defined]  # noqa: SLF001


def test_what_was_left_of_a_first_copy_is_written_anew(copies: Copies, folder: Path) -> None:
    put(folder, b"")
    (folder / f"{PATH}.new").write_bytes(b"x" * 1000)
    copies.extend(NAME, Copy(), 0, LINES[:1])
    assert held(folder) == {PATH: LINES[0] + b"\0"}


def test_of_a_journal_without_lines_there_is_no_copy(copies: Copies, folder: Path) -> None:
    assert copies.extend(NAME, Copy(), 0, []) == Added()
    assert held(folder) == {}


@pytest.mark.parametrize("lines", [0, 1, 2])
def test_a_copy_grows_by_the_lines_that_it_lacks(copies: Copies, folder: Path, lines: int) -> None:
    put(folder, LINES[0] + b"\0")
    copy = copies.look(NAME)
    assert copies.extend(NAME, copy, 0, LINES[: 1 + lines]).events == lines
    assert held(folder) == {PATH: b"\n".join(LINES[: 1 + lines]) + b"\0"}


def test_a_copy_grows_from_its_last_line_on_as_well_as_from_its_first(copies: Copies, folder: Path) -> None:
    put(folder, TWO)
    copy = copies.look(NAME)
    added = copies.extend(NAME, copy, copy.last_line, LINES[1:])
    assert added == Added(1, len(WHOLE) - len(TWO))
    assert held(folder) == {PATH: WHOLE}


def test_new_lines_stand_there_whole_before_the_marker_turns(copies: Copies, folder: Path) -> None:
    put(folder, TWO)
    disk = copies._disk  # noqa: SLF001
    assert isinstance(disk, FailingDisk)
    copies.extend(NAME, Copy(len(TWO), 0), 0, LINES)
    assert disk.calls == ["create", "write", "write"]
    put(folder, TWO)
    disk.fail_at = len(disk.calls) + 2
    with pytest.raises(StorageFailed):
        copies.extend(NAME, Copy(len(TWO), 0), 0, LINES)
    assert held(folder) == {PATH: TWO}, "it was cut back"


@pytest.mark.parametrize("size", [1, 30, 31, 60, 10_000])
def test_long_journals_are_written_in_pieces(
    copies: Copies, folder: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies_module, "_WRITE_BYTES", size)
    assert copies.extend(NAME, Copy(), 0, LINES) == Added(3, len(WHOLE))
    put(folder.parent / "copies", LINES[0] + b"\0")
    assert copies.extend(NAME, copies.look(NAME), 0, LINES) == Added(2, len(WHOLE) - len(LINES[0]) - 1)
    assert held(folder) == {PATH: WHOLE}


@pytest.mark.parametrize("given", range(4))
def test_a_server_that_stops_answering_leaves_the_copy_as_it_was(copies: Copies, folder: Path, given: int) -> None:
    put(folder, TWO)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(ConnectionError):
        copies.extend(NAME, Copy(len(TWO), 0), 0, breaking(*LINES[:given]))
    assert held(folder) == {PATH: TWO}
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (LINES[:1], f"it ends at byte {len(LINES[0]) + 1}, and its copy has {len(TWO)}"),
        ([], f"it ends at byte 0, and its copy has {len(TWO)}"),
        ([LINES[0], LINES[2], LINES[2]], f"in the line at byte {len(LINES[0]) + 1}"),
        ([LINES[0][:-1] + b"2", *LINES[1:]], "in the line at byte 0"),
        ([LINES[0] + b" more", *LINES[1:]], "in the line at byte 0"),
        ([LINES[0][:-1], *LINES[1:]], "in the line at byte 0"),
        ([LINES[0], LINES[1][:-1], LINES[2]], f"in the line at byte {len(LINES[0]) + 1}"),
        ([LINES[0], LINES[1] + b"3", LINES[2]], f"in the line at byte {len(LINES[0]) + 1}"),
    ],
)
def test_a_journal_that_became_another_one_is_told_and_its_copy_left(
    copies: Copies, folder: Path, lines: list[bytes], why: str
) -> None:
    put(folder, TWO)
    with pytest.raises(Differs, match=re.escape(why)):
        copies.extend(NAME, Copy(len(TWO), 0), 0, lines)
    assert held(folder) == {PATH: TWO}


def test_a_journal_that_became_another_one_is_copied_anew_and_the_old_copy_kept(copies: Copies, folder: Path) -> None:
    put(folder, TWO)
    added, kept = copies.replace(NAME, LINES[2:])
    assert added == Added(1, len(LINES[2]) + 1)
    assert re.fullmatch(rf"user/a\.log\.kept-\d{{8}}T\d{{6}}-{os.getpid()}", kept)
    assert held(folder) == {PATH: LINES[2] + b"\0", kept: TWO}


def test_a_journal_that_became_empty_has_only_its_old_copy(copies: Copies, folder: Path) -> None:
    put(folder, TWO)
    added, kept = copies.replace(NAME, [])
    assert added == Added()
    assert held(folder) == {kept: TWO}


def test_a_server_that_stops_answering_leaves_the_old_copy_in_its_place(copies: Copies, folder: Path) -> None:
    put(folder, TWO)
    with pytest.raises(ConnectionError):
        copies.replace(NAME, breaking(LINES[2]))
    assert held(folder)[PATH] == TWO
    assert copies.names() == {NAME}


def test_what_is_nothing_is_nothing() -> None:
    assert (Copy(), Added()) == (Copy(0, 0), Added(0, 0))


def test_what_was_added_adds_up() -> None:
    assert Added(1, 10) + Added(2, 300) == Added(3, 310)


def test_all_is_durable_at_the_end_and_nothing_before(copies: Copies) -> None:
    disk = copies._disk  # noqa: SLF001
    assert isinstance(disk, FailingDisk)
    copies.extend(NAME, Copy(), 0, LINES)
    assert not {"sync", "sync_all", "sync_directory"} & set(disk.calls)
    copies.finish()
    assert disk.calls[-1] == "sync_all"


def test_after_a_failed_last_sync_the_copies_are_not_to_be_relied_on(copies: Copies) -> None:
    disk = copies._disk  # noqa: SLF001
    assert isinstance(disk, FailingDisk)
    copies.extend(NAME, Copy(), 0, LINES)
    disk.fail_at = len(disk.calls)
    with pytest.raises(StorageFailed, match="the copies may be incomplete; take an empty directory"):
        copies.finish()
