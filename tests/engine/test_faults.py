"""A disk that fills up: what is answered, and what is left. tests/faults fails every call in every way."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.embedded import Embedded, committed, committing, opening, reading
from support.fakes.disk import FailingDisk


@pytest.mark.parametrize("tear", [False, True])
def test_a_journal_without_room_is_left_as_it_was(tmp_path: Path, tear: bool) -> None:
    disk = FailingDisk(str(tmp_path), full=True, tear=tear)
    store = Embedded(tmp_path, disk)
    store.append(b"/a", b"t 1")
    before = (tmp_path / "a.log").read_bytes()
    for later in (1, 2):  # the journal's bytes, and the turning of its marker, behind the log's record
        disk.fail_at = len(disk.calls) + later
        assert store.append(b"/a", b"t 2").code == 15
        assert (tmp_path / "a.log").read_bytes() == before
    store.store.close()
    assert Embedded(tmp_path).text(b"/a") == b"t 1"


def test_what_is_said_about_a_journal_without_room_is_all_taken_back(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path), full=True)
    store = Embedded(tmp_path, disk)
    a, b = store.open(b"/a"), store.open(b"/b")
    disk.fail_at = len(disk.calls) + 3  # both files are made, the record is written, then /a
    answers = store.ask(
        committing(a, b"t", b"t 1"), opening(b"/a"), reading(b"/a"), committing(b, b"t", b"t 2"), opening(b"/b")
    )
    assert [answer.code for answer in answers] == [15, 15, 15, 0, 0]
    assert store.open(b"/a").size == 0
    assert store.text(b"/b") == b"t 2"
    assert committed(store.append(b"/a", b"t 3"))[0]
    assert Embedded(tmp_path).text(b"/a") == b"t 3"


def test_a_full_disk_is_foreseen_and_the_transaction_stays_open(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path))
    store = Embedded(tmp_path, disk)
    store.append(b"/a", b"t 0")
    on = store.open(b"/a")
    disk.free = 1000
    calls = len(disk.calls)
    assert store.commit(on, b"t", b"t 1").code == 15
    assert store.text(b"/a") == b"t 0"
    assert len(disk.calls) == calls, "nothing was even tried"
    disk.free = None
    assert committed(store.commit(on, b"t", b"t 1"))[0]
    assert store.text(b"/a") == b"t 0\nt 1"
