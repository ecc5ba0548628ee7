"""Bugs that the sweeps have found, each by itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults.calls import FILLS_UP, Calls, Fault
from faults.durable import Durable
from faults.states import after_the_machine_went_down
from faults.sweep import Case, run
from support.embedded import Embedded, committed, committing, listing

from everstore import limits
from everstore.errors import StorageFailed
from everstore.storage.copies import Copies
from everstore.storage.directory import claim
from everstore.storage.disk import Disk
from everstore.storage.survey import logs

Fail = Callable[..., Any]


@pytest.fixture
def fail() -> Iterator[Fail]:
    """Within `with fail(call, error):` the next use of that call fails."""
    calls = Calls(Durable())

    @contextmanager
    def failing(call: str, error: str, for_ever: bool = False) -> Iterator[None]:
        calls.fault = Fault(call, calls.uses[call] + 1, error, for_ever)
        try:
            yield
        finally:
            calls.fault = None

    with calls.failing(None):
        yield failing


@pytest.fixture
def store(fail: Fail, tmp_path: Path) -> Embedded:
    assert fail, "the seam comes first"
    return Embedded(tmp_path, Disk(str(tmp_path)))


def test_a_commit_that_met_a_full_disk_can_be_tried_again_in_its_transaction(fail: Fail, store: Embedded) -> None:
    store.append(b"/a", b"t 1")
    on = store.open(b"/a")
    with fail("disk.os.pwrite", "ENOSPC"):
        assert store.commit(on, b"t", b"t 2").code == 15
    assert committed(store.commit(on, b"t", b"t 2"))[0]
    assert store.text(b"/a") == b"t 1\nt 2"


def test_a_commit_that_met_a_full_disk_still_conflicts_with_what_came_before_it(fail: Fail, store: Embedded) -> None:
    store.append(b"/a", b"t 1")
    on, other = store.open(b"/a"), store.open(b"/a")
    assert committed(store.commit(other, b"X", b"t 2"))[0]
    with fail("disk.os.pwrite", "ENOSPC"):
        assert store.commit(on, b"Y", b"t 3").code == 15
    assert not committed(store.commit(on, b"X", b"t 3"))[0]


def test_a_transaction_whose_connection_ended_in_the_batch_stays_ended(fail: Fail, store: Embedded) -> None:
    on = store.open(b"/a")
    kind, body = committing(on, b"t", b"t 1")
    with fail("disk.os.pwrite", "ENOSPC"):
        store.store.handle(1, (kind, len(body), 1, 0, 1, body))
        store.store.end_connection(1)
        store.store.commit()
    assert store.commit(on, b"t", b"t 1").code == 6


def test_half_a_record_that_met_a_full_disk_is_not_refused_since_it_may_be_whole(
    fail: Fail, store: Embedded, tmp_path: Path
) -> None:
    on = store.open(b"/a")
    with fail("disk.os.pwrite", FILLS_UP, for_ever=True), pytest.raises(StorageFailed):
        store.commit(on, b"t", b"t 1")
    assert Embedded(tmp_path, Disk(str(tmp_path))).text(b"/a") == b"t 1", "and indeed it was"


def test_a_new_journal_whose_file_cannot_be_made_is_refused_before_its_commit_is_logged(
    fail: Fail, store: Embedded, tmp_path: Path
) -> None:
    on = store.open(b"/a")
    with fail("disk.os.open", "EACCES", for_ever=True):
        assert store.commit(on, b"t", b"t 1").code == 15
    assert not Embedded(tmp_path, Disk(str(tmp_path))).text(b"/a")


@pytest.mark.parametrize("use", [lambda store: store.read(b"/c"), lambda store: store.append(b"/d", b"t 1")])
def test_a_file_that_fails_when_it_is_closed_for_another_is_no_fault_of_that_one(
    fail: Fail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[Embedded], object]
) -> None:
    monkeypatch.setattr(limits, "OPEN_FILES_MAX", 2)
    Embedded(tmp_path, Disk(str(tmp_path))).append(b"/c", b"t 1")
    store = Embedded(tmp_path, Disk(str(tmp_path)))
    store.append(b"/a", b"t 1")
    store.append(b"/b", b"t 1")
    with fail("disk.os.close", "EIO"), pytest.raises(StorageFailed):
        use(store)


@pytest.mark.parametrize("call", ["disk.os.stat", "disk.os.scandir", "disk.os.scandir.next"])
def test_a_listing_leaves_out_nothing_that_it_could_not_look_at(fail: Fail, store: Embedded, call: str) -> None:
    store.append(b"/a/b", b"t 1")
    with fail(call, "EIO"):
        assert store.ask(listing())[0].code == 5


def test_a_sync_that_fails_in_a_repair_may_have_lost_more_than_that_journal(fail: Fail, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"2026-11-21T12:00:00.000 t 1\x002026-11-21T12:00:00.000 t torn")
    os.close(claim(str(tmp_path), "a server"))
    store = Embedded(tmp_path, Disk(str(tmp_path)))
    with fail("disk._libc.syncfs", "EIO"), pytest.raises(StorageFailed):
        store.open(b"/a")
    successor = Embedded(tmp_path, Disk(str(tmp_path)))
    assert successor.append(b"/a", b"t 2").code == 15, "it is noted"
    assert committed(successor.append(b"/b", b"t 1"))[0]


def test_verify_does_not_call_sound_what_it_could_not_look_at(fail: Fail, tmp_path: Path) -> None:
    (tmp_path / ".everstore").mkdir()
    (tmp_path / ".everstore/worker-1.commits").write_bytes(b"no log" * 100)
    with fail("directory.os.stat", "EIO"), pytest.raises(OSError, match="Input/output"):
        logs(str(tmp_path))


def test_a_backup_that_cannot_keep_what_was_torn_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"2026-11-21T12:00:00.000 t 1\x002026-11-21T12:00:00.000 t torn")
    calls = Calls(Durable())
    # The directory is opened first, then the journal; then the file for what was torn is made.
    with calls.failing(Fault("disk.os.open", 3, "EIO", for_ever=False)), pytest.raises(StorageFailed, match="torn"):
        Copies(str(tmp_path)).look(b"/a")
    with calls.failing(None):
        assert Copies(str(tmp_path)).look(b"/a").size == 28


def test_what_an_unsure_replay_wrote_is_written_again_when_it_could_not_be_synced() -> None:
    """The page cache shows it, but the disk never got it; a commit behind it would stand behind a hole."""
    state = after_the_machine_went_down.__name__
    found = run(Case("server", state, 1, (Fault("disk._libc.syncfs", 1, "ENOSPC", for_ever=True),), "killed"))
    assert (found.died, found.wrong) == (True, [])
