"""The sweep finds what is broken on purpose: each of these is a product that handles one fault wrongly."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from faults.calls import Fault
from faults.sweep import ENDS, Case, run

from everstore.engine.group_commit import GroupCommit
from everstore.errors import NoSpace, StorageFailed
from everstore.storage import commit_log, repair, survey
from everstore.storage import disk as disks
from everstore.storage.commit_log import CommitLog
from everstore.storage.disk import Disk
from everstore.storage.remembered import Remembered

right_append, right_sync, right_size_of = CommitLog.append, Disk.sync, Disk.size_of
right_sync_all = Disk.sync_all


def ignores_a_full_disk(self: CommitLog, entries: Any) -> None:
    with suppress(NoSpace):
        right_append(self, entries)


def tries_a_sync_again(self: Disk, fd: int) -> None:
    try:
        right_sync(self, fd)
    except StorageFailed:
        right_sync(self, fd)


def syncs_all_as_it_can(self: Disk) -> None:
    with suppress(StorageFailed):
        right_sync_all(self)


def writes_once(_: Disk, fd: int, position: int, data: bytes) -> None:
    with disks._WRITING:  # noqa: SLF001
        disks.os.pwrite(fd, data, position)


def syncs_nothing(self: CommitLog) -> None: ...


def cancels_nothing(self: GroupCommit, entries: Any) -> None: ...


def takes_failure_for_absence(self: Disk, path: str) -> int:
    try:
        return right_size_of(self, path)
    except OSError:
        return 0


def asks_isdir(path: str) -> bool:
    return survey.os.path.isdir(path)


def keeps_nothing(*_: object) -> str:
    return "nothing"


BROKEN: dict[str, tuple[object, str, Callable[..., Any], str, str, str]] = {
    "a full disk is ignored when the log is written": (
        CommitLog, "append", ignores_a_full_disk, "server", "nothing", "disk.os.pwrite ENOSPC once"
    ),
    "a failed sync of the log is tried again": (
        Disk, "sync", tries_a_sync_again, "server", "nothing", "disk.os.fdatasync EIO once"
    ),
    "a failed sync of everything is ignored": (
        Disk, "sync_all", syncs_all_as_it_can, "server", "nothing", "disk._libc.syncfs EIO once"
    ),
    "commits are answered before the sync": (
        CommitLog, "sync", syncs_nothing, "server", "nothing", "disk.os.fdatasync EIO for ever"
    ),
    "a short write is taken for a whole one": (
        Disk, "write", writes_once, "server", "nothing", "disk.os.pwrite short once"
    ),
    "what did not fit is not taken back in the log": (
        GroupCommit, "_cancel", cancels_nothing, "server", "nothing", "disk.os.pwrite ENOSPC once"
    ),
    "a file that cannot be looked at is taken for missing": (
        Disk, "size_of", takes_failure_for_absence, "server", "killed", "disk.os.stat EIO once"
    ),
    "a directory that cannot be looked at is taken for missing": (
        survey, "is_directory", asks_isdir, "verify", "with_a_damaged_log", "survey.os.path.isdir EIO once"
    ),
    "what is cut off is not kept": (
        repair, "keep_beside", keeps_nothing, "server", "of_another_server", "disk.os.pwrite EIO once"
    ),
    "what the log notes of appends is not read": (
        Remembered, "add", keeps_nothing, "server", "nothing", "disk.os.fdatasync EIO once"
    ),
    "what is remembered of appends does not outlive a checkpoint": (
        commit_log, "write_whole", keeps_nothing, "server", "nothing", "disk.os.fdatasync EIO once"
    ),
}  # fmt: skip


def is_found(program: str, state: str, call: str, error: str, for_ever: bool) -> bool:
    """True when one of the uses of the call makes the sweep say that something is wrong."""
    quiet = run(Case(program, state, 0))
    return bool(quiet.wrong) or any(
        run(Case(program, state, 0, (Fault(call, use, error, for_ever),), end)).wrong
        for use in range(1, quiet.uses[call] + 1)
        for end in ENDS
    )


@pytest.mark.slow
@pytest.mark.parametrize("what", BROKEN)
def test_what_is_broken_on_purpose_is_found(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    where, name, broken, program, state, fault = BROKEN[what]
    monkeypatch.setattr(where, name, broken)
    call, error, how_often = fault.split(" ", 2)
    assert is_found(program, state, call, error, how_often == "for ever")
