"""Whatever a crash left of a journal, replay makes of it what the log says; what no crash leaves is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk

from everstore.storage.records import APPEND, CANCEL, Entry
from everstore.storage.replay import replay
from everstore.storage.trust import Trust

OLD = b"2026-11-21T12:00:00.000 a old"
FIRST = b"2026-11-21T12:00:00.001 a first\0"
SECOND = b"2026-11-21T12:00:00.002 a second " + b"x" * 600 + b"\0"
BASE = len(OLD) + 1
BATCHES = [[Entry(APPEND, b"/a", BASE, FIRST)], [Entry(APPEND, b"/a", BASE + len(FIRST), SECOND)]]
WHOLE = OLD + b"\n" + FIRST[:-1] + b"\n" + SECOND
NEW_BATCHES = [[Entry(APPEND, b"/n/new", 0, FIRST)]]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / ".everstore").mkdir()
    return tmp_path


def replayed(directory: Path, left: bytes | None, batches: list[list[Entry]] = BATCHES, name: str = "a.log") -> bytes:
    """What stands in the journal after two replays onto what a crash has left of it (None: no file)."""
    path = directory / name
    if left is not None:
        path.write_bytes(left)
    disk = AbandonedDisk(str(directory))
    for _ in range(2):
        replay(disk, Trust(disk), batches)
    AbandonedDisk.abandon_all()  # this is called many times in one test
    return path.read_bytes() if path.exists() else b""


def kept(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in directory.glob("*.torn-*")]


def crash_states() -> list[bytes]:
    """Every length from the base on, zeros for data from any 512-byte edge on, markers turned or not."""
    unturned = OLD + b"\0" + FIRST + SECOND
    states = [text[:size] for text in (WHOLE, unturned) for size in range(BASE, len(WHOLE) + 1)]
    states += [
        state[:edge] + bytes(len(state) - edge) for state in (WHOLE, unturned) for edge in range(BASE, len(WHOLE))
    ]
    edges = range(512, len(WHOLE), 512)
    states += [WHOLE[:BASE] + bytes(edge - BASE) + WHOLE[edge:] for edge in edges]
    return states


def test_every_state_that_a_crash_leaves_becomes_what_was_acknowledged(directory: Path) -> None:
    states = crash_states()
    assert len(states) > 2000
    for state in states:
        assert replayed(directory, state) == WHOLE
    assert kept(directory) == []


def test_a_new_journal_is_made_again_with_its_folder(directory: Path) -> None:
    assert replayed(directory, None, NEW_BATCHES, "n/new.log") == FIRST
    for size in range(len(FIRST)):
        assert replayed(directory, FIRST[:size], NEW_BATCHES, "n/new.log") == FIRST


def test_an_append_that_was_taken_back_is_cut_off_again(directory: Path) -> None:
    batches = [*BATCHES, [Entry(CANCEL, b"/a", BASE + len(FIRST), b"")]]
    expected = OLD + b"\n" + FIRST
    for state in (WHOLE, expected, OLD + b"\0" + FIRST + SECOND, WHOLE[:-300]):
        assert replayed(directory, state, batches) == expected


def test_a_further_append_stands_where_one_was_taken_back(directory: Path) -> None:
    third = Entry(APPEND, b"/a", BASE + len(FIRST), b"2026-11-21T12:00:00.003 a third\0")
    batches = [*BATCHES, [Entry(CANCEL, b"/a", third.base, b"")], [third]]
    assert replayed(directory, WHOLE, batches) == OLD + b"\n" + FIRST[:-1] + b"\n" + third.data


def test_foreign_bytes_are_kept_beside_before_they_are_overwritten(directory: Path) -> None:
    edited = WHOLE.replace(b"second", b"SECOND")
    assert replayed(directory, edited) == WHOLE
    assert kept(directory) == [edited[BASE:]]


@pytest.mark.parametrize(
    ("left", "what"),
    [
        (None, f"the file is missing, though {BASE} bytes of it were acknowledged"),
        (OLD[:10], f"the file has 10 bytes, though {BASE} were acknowledged"),
        (WHOLE + b"more", f"the file has {len(WHOLE) + 4} bytes, though only {len(WHOLE)} were ever written"),
        (WHOLE[: BASE - 1] + b"x" + WHOLE[BASE:], f"byte {BASE - 1} is not the end of a line"),
    ],
)
def test_what_no_crash_explains_is_left_alone_and_noted(directory: Path, left: bytes | None, what: str) -> None:
    assert replayed(directory, left) == (left or b"")
    assert Trust(AbandonedDisk(str(directory))).damage_of(b"/a") == what
    assert kept(directory)[0] == WHOLE[BASE:]


def test_records_that_do_not_join_are_noted(directory: Path) -> None:
    torn = [[Entry(APPEND, b"/a", BASE, FIRST)], [Entry(APPEND, b"/a", BASE + 500, SECOND)]]
    replayed(directory, WHOLE, torn)
    assert "then goes on at" in Trust(AbandonedDisk(str(directory))).damage_of(b"/a")
