"""What is said of a directory without a server, and that looking leaves no trace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk

from everstore.errors import ConfigError, DirectoryInUse
from everstore.journal.inspection import Fault
from everstore.journal.recovery import Verdict
from everstore.storage import survey
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.directory import LOCK, claim
from everstore.storage.records import APPEND, Entry, Header
from everstore.storage.survey import Found
from everstore.storage.trust import DAMAGED

LINE = b"2026-11-21T12:00:00.000 t 1"
A = Found("a.log", b"/a")


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    lock = claim(str(tmp_path), "the server with process id 7")
    yield tmp_path
    os.close(lock)


def test_a_directory_in_use_is_refused_and_its_holder_named(locked: Path) -> None:
    with pytest.raises(DirectoryInUse, match="is in use by the server with process id 7; stop it first"):
        survey.refuse_if_in_use(str(locked))


def test_a_directory_that_nobody_works_in_is_not_refused_and_not_changed(tmp_path: Path) -> None:
    survey.refuse_if_in_use(str(tmp_path))
    assert os.listdir(tmp_path) == []
    os.close(claim(str(tmp_path), "a server of before"))
    opened = os.listdir("/proc/self/fd")
    survey.refuse_if_in_use(str(tmp_path))
    assert os.listdir("/proc/self/fd") == opened


def test_two_may_look_at_once(tmp_path: Path) -> None:
    os.close(claim(str(tmp_path), "a server of before"))
    with open(tmp_path / LOCK, "rb") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        survey.refuse_if_in_use(str(tmp_path))


def test_what_is_no_directory_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name in ("nothing", "file"):
        with pytest.raises(ConfigError, match=f"{name} is not a directory"):
            survey.refuse_if_in_use(str(tmp_path / name))


def test_every_file_is_found_and_those_that_are_journals_have_names(tmp_path: Path) -> None:
    for path in ("b.log", "a/c.log", "a/notes.txt", "a/.everstore/x.log", ".everstore/worker-1.commits"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "folder").symlink_to(tmp_path / "a")
    (tmp_path / "a/link.log").symlink_to(tmp_path / "b.log")
    os.mkfifo(tmp_path / "pipe.log")
    assert survey.files(str(tmp_path)) == [
        Found("a/.everstore/x.log", b"/a/.everstore/x"),
        Found("a/c.log", b"/a/c"),
        Found("a/link.log", None),
        Found("a/notes.txt", None),
        Found("b.log", b"/b"),
        Found("folder", None),
        Found("pipe.log", None),
    ]


def test_a_directory_that_cannot_be_read_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError):
        survey.files(str(tmp_path))


@pytest.mark.parametrize("data", [b"", LINE + b"\0", LINE + b"\n" + LINE + b"\0"])
def test_a_sound_journal_is_said_to_be_so(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.log").write_bytes(data)
    directory = str(tmp_path)
    assert survey.size_of(directory, A) == len(data)
    assert list(survey.faults_of(directory, A)) == []
    assert survey.verdict_of(directory, A) == Verdict(len(data), (), "")
    assert survey.lines_of(directory, A) == data.count(LINE)
    with survey.mapped(directory, A) as mapped:
        assert mapped[:] == data


def test_what_is_wrong_with_a_journal_and_would_become_of_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(LINE + b"\0" + LINE)
    assert list(survey.faults_of(str(tmp_path), A)) == [
        Fault(len(LINE), "a NUL that is not the last byte"),
        Fault(2 * len(LINE) + 1, "the end marker (a NUL) is missing"),
    ]
    assert survey.verdict_of(str(tmp_path), A).keep == len(LINE) + 1


def test_the_looker_is_told_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everstore.journal.inspection._STEP_BYTES", 1)
    (tmp_path / "a.log").write_bytes(LINE + b"\n" + LINE + b"\0")
    told: list[int] = []
    assert list(survey.faults_of(str(tmp_path), A, told.append)) == []
    assert sum(told) == 2 * len(LINE) + 2


def test_lines_are_counted_over_all_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.log").write_bytes(b"\n".join([LINE] * 50) + b"\0")
    for step in (1, 7, len(LINE) + 1, 10_000):
        monkeypatch.setattr(survey, "_STEP_BYTES", step)
        assert survey.lines_of(str(tmp_path), A) == 50


def test_what_is_noted_of_damaged_journals_is_told_and_nothing_where_nothing_is(tmp_path: Path) -> None:
    assert survey.noted(str(tmp_path)) == {}
    (tmp_path / ".everstore").mkdir()
    (tmp_path / DAMAGED).write_bytes(b"/a\ttoo short\n/torn\n/b\ttoo long\n")
    assert survey.noted(str(tmp_path)) == {b"/a": "too short", b"/b": "too long"}


def test_commit_logs_are_told_with_the_journals_that_wait_for_them(tmp_path: Path) -> None:
    assert survey.logs(str(tmp_path)) == {}
    (tmp_path / ".everstore").mkdir()
    assert survey.logs(str(tmp_path)) == {}
    batches = {1: [b"/a", b"/b"], 3: [b"/c"]}
    for worker, names in batches.items():
        log = CommitLog(AbandonedDisk(str(tmp_path)), worker, Header(0, 3, durable=True, clean=False, boot=b""))
        log.append([Entry(APPEND, name, 0, LINE + b"\0") for name in names])
        log.append([Entry(APPEND, names[0], len(LINE) + 1, LINE + b"\0")])
    found = survey.logs(str(tmp_path))
    assert {path: len(log.batches) for path, log in found.items()} == {path_of(1): 2, path_of(3): 2}
    assert survey.waiting(found) == {b"/a", b"/b", b"/c"}
    assert survey.waiting({path_of(3): found[path_of(3)]}) == {b"/c"}
