"""Repair of a whole directory while no server is at work on it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore.errors import DirectoryInUse, StorageFailed
from everstore.storage import offline
from everstore.storage.commit_log import CommitLog
from everstore.storage.directory import LOCK, claim, commit_logs
from everstore.storage.offline import locked
from everstore.storage.records import APPEND, Entry, Header
from everstore.storage.survey import Found, noted, refuse_if_in_use
from everstore.storage.trust import UNVOUCHED, Trust, doubt_everything

LINE = b"2026-11-21T12:00:00.000 t 1"
A = Found("a.log", b"/a")


def logged(directory: Path, worker: int, name: bytes, base: int = 0) -> None:
    """A worker's log with one batch that did not reach its journal."""
    (directory / ".everstore").mkdir(exist_ok=True)
    log = CommitLog(AbandonedDisk(str(directory)), worker, Header(0, 3, durable=True, clean=False, boot=b""))
    log.append([Entry(APPEND, name, base, LINE + b"\0")])


def test_commit_logs_are_written_onto_their_journals_and_removed(tmp_path: Path) -> None:
    for worker in (1, 3):
        logged(tmp_path, worker, b"/%d" % worker)
    with locked(str(tmp_path)) as repair:
        assert repair.replay() == 2
    assert [(tmp_path / f"{worker}.log").read_bytes() for worker in (1, 3)] == [LINE + b"\0"] * 2
    assert commit_logs(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("data", "after", "cut", "was_sound"),
    [
        (LINE + b"\0", LINE + b"\0", b"", True),
        (LINE + b"\0" + LINE + b"\0", LINE + b"\n" + LINE + b"\0", b"", False),
        (LINE + b"\0" + LINE, LINE + b"\0", LINE, False),
        (LINE, b"", LINE, False),
        (b"", b"", b"", True),
    ],
)
def test_the_table_is_applied_to_a_journal_and_the_outcome_told(
    tmp_path: Path, data: bytes, after: bytes, cut: bytes, was_sound: bool
) -> None:
    (tmp_path / "a.log").write_bytes(data)
    with locked(str(tmp_path)) as repair:
        before = os.listdir("/proc/self/fd")
        outcome = repair.journal(A)
        assert os.listdir("/proc/self/fd") == before
    assert (tmp_path / "a.log").read_bytes() == after
    assert (outcome.found, outcome.size, outcome.was_sound) == (A, len(data), was_sound)
    assert (outcome.verdict.keep, bool(outcome.kept)) == (len(after), bool(cut))
    assert not cut or (tmp_path / outcome.kept).read_bytes() == cut


def test_a_person_lets_journals_be_used_again_but_for_those_that_are_still_damaged(tmp_path: Path) -> None:
    (tmp_path / ".everstore").mkdir()
    disk = AbandonedDisk(str(tmp_path))
    trust = Trust(disk)
    trust.note_damage(b"/a", "too short")
    trust.note_damage(b"/b", "too long")
    doubt_everything(disk, "a test")
    with locked(str(tmp_path)) as repair:
        assert repair.noted() == {b"/a": "too short", b"/b": "too long"}
        repair.finish({b"/b", b"/c"})
    assert noted(str(tmp_path)) == {b"/b": "too long"}
    assert not Trust(disk).doubts(1)
    assert not (tmp_path / UNVOUCHED).exists()


def test_what_a_replay_could_not_write_is_noted(tmp_path: Path) -> None:
    logged(tmp_path, 1, b"/a", base=50)
    with locked(str(tmp_path)) as repair:
        assert repair.noted() == {}
        repair.replay()
        assert list(repair.noted()) == [b"/a"]


def test_all_is_durable_at_the_end_and_where_nothing_is_noted_no_file_of_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offline, "Disk", FailingDisk)
    with locked(str(tmp_path)) as repair:
        repair.finish(set())
        (disk,) = (each for each in AbandonedDisk.alive if isinstance(each, FailingDisk))
        assert disk.calls == ["remove", "sync_all"]


def test_nobody_else_works_here_meanwhile_and_what_was_made_for_it_goes_again(tmp_path: Path) -> None:
    holder = f"everstore repair with process id {os.getpid()}"
    with locked(str(tmp_path)), pytest.raises(DirectoryInUse, match=holder):
        refuse_if_in_use(str(tmp_path))
    assert os.listdir(tmp_path) == []
    os.close(claim(str(tmp_path), "a server"))


def test_a_servers_folder_stays_when_it_was_there_before(tmp_path: Path) -> None:
    os.close(claim(str(tmp_path), "a server of before"))
    with locked(str(tmp_path)):
        pass
    assert (tmp_path / LOCK).exists()
    refuse_if_in_use(str(tmp_path))


def test_what_is_kept_in_the_servers_folder_keeps_it_there(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LINE)
    with locked(str(tmp_path)) as repair:
        repair._disk = FailingDisk(str(tmp_path), fail_at=0)  # noqa: SLF001 - no file can be made beside the journal
        kept = repair.journal(A).kept
    assert kept.startswith(".everstore/kept/a.log.torn-")
    assert (tmp_path / kept).read_bytes() == LINE
    assert not (tmp_path / LOCK).exists()


def test_the_lock_is_given_up_when_repair_fails(tmp_path: Path) -> None:
    os.close(claim(str(tmp_path), "a server of before"))
    with pytest.raises(StorageFailed), locked(str(tmp_path)):
        raise StorageFailed("the disk has failed")
    refuse_if_in_use(str(tmp_path))
