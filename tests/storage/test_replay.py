"""Whatever a crash left of a journal, replay makes of it what the log says; what no crash leaves is left alone."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore.errors import StorageFailed
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


def replayed(
    directory: Path,
    left: bytes | None,
    batches: list[list[Entry]] = BATCHES,
    name: str = "a.log",
    sure: bool = True,
) -> bytes:
    """What stands in the journal after two replays onto what a crash has left of it (None: no file)."""
    path = directory / name
    if left is not None:
        path.write_bytes(left)
    disk = AbandonedDisk(str(directory))
    for _ in range(2):
        replay(disk, Trust(disk), batches, sure)
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
    assert kept(directory) == []


def test_a_further_append_stands_where_one_was_taken_back(directory: Path) -> None:
    third = Entry(APPEND, b"/a", BASE + len(FIRST), b"2026-11-21T12:00:00.003 a third\0")
    batches = [*BATCHES, [Entry(CANCEL, b"/a", third.base, b"")], [third]]
    assert replayed(directory, WHOLE, batches) == OLD + b"\n" + FIRST[:-1] + b"\n" + third.data


def test_what_stands_where_an_append_was_taken_back_is_left_alone_when_it_is_something_else(directory: Path) -> None:
    """The last record of the log is lost, by damage: its commit stands behind what the log knows to be the end."""
    other = b"2026-11-21T12:00:00.003 a other\0"
    batches = [*BATCHES, [Entry(CANCEL, b"/a", BASE + len(FIRST), b"")]]
    whole = OLD + b"\n" + FIRST[:-1] + b"\n" + other
    assert replayed(directory, whole, batches) == whole
    assert b"never taken back" in Trust(AbandonedDisk(str(directory))).damaged[b"/a"].encode()


def test_foreign_bytes_are_kept_beside_before_they_are_overwritten(directory: Path) -> None:
    edited = WHOLE.replace(b"second", b"SECOND")
    assert replayed(directory, edited) == WHOLE
    assert kept(directory) == [edited[BASE:]]


@pytest.mark.parametrize("at", [0, 1, 511, 512, 513, len(WHOLE) - BASE - 1])
def test_a_foreign_byte_is_found_wherever_it_stands(directory: Path, at: int) -> None:
    edited = WHOLE[: BASE + at] + b"?" + WHOLE[BASE + at + 1 :]
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
    assert Trust(AbandonedDisk(str(directory))).damage_of(b"/a").startswith(what)
    assert kept(directory)[0] == WHOLE[BASE:]


def test_records_that_do_not_join_are_noted(directory: Path) -> None:
    torn = [[Entry(APPEND, b"/a", BASE, FIRST)], [Entry(APPEND, b"/a", BASE + 500, SECOND)]]
    replayed(directory, WHOLE, torn)
    assert "then goes on at" in Trust(AbandonedDisk(str(directory))).damage_of(b"/a")


# -- a log that nobody kept durable


@pytest.mark.parametrize(
    "left",
    [
        OLD + b"\0",
        OLD + b"\n",
        WHOLE[: BASE + 20],
        WHOLE[:BASE] + bytes(len(WHOLE) - BASE),
        OLD + b"\0" + FIRST + SECOND,
        WHOLE,
    ],
)
def test_an_unsure_log_is_written_where_a_crash_can_have_left_its_journal_so(directory: Path, left: bytes) -> None:
    expected = left if left[BASE:] == WHOLE[BASE:] else WHOLE
    assert replayed(directory, left, sure=False) == expected
    assert kept(directory) == []


@pytest.mark.parametrize(
    "left",
    [
        None,
        b"",
        OLD[:10],
        bytes(BASE),
        OLD[:20] + bytes(BASE - 20),
        OLD[:20] + bytes(BASE - 20) + FIRST + SECOND[:100],
        WHOLE[:200] + bytes(600),
    ],
)
def test_an_unsure_log_leaves_a_journal_alone_that_has_lost_what_stood_before(
    directory: Path, left: bytes | None
) -> None:
    assert replayed(directory, left, sure=False) == (left or b"")
    assert set(kept(directory)) == {WHOLE[BASE:]}
    assert Trust(AbandonedDisk(str(directory))).damaged == {}, "it was to be expected"


def test_an_unsure_log_may_have_lost_batches_that_its_journal_has(directory: Path) -> None:
    later = WHOLE[:-1] + b"\n" + FIRST
    assert replayed(directory, later, sure=False) == later
    assert kept(directory) == []


# -- a journal that must not be written


def test_a_journal_that_cannot_be_written_does_not_stop_the_others(directory: Path) -> None:
    """Here it would outgrow the limit of file sizes; an immutable one fails alike, but takes a right to make."""
    base = 8192
    (directory / "long.log").write_bytes(b"x" * (base - 1) + b"\0")
    batches = [[Entry(APPEND, b"/long", base, FIRST), Entry(APPEND, b"/a", 0, FIRST)]]
    disk = AbandonedDisk(str(directory))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (base, hard))
    try:
        replay(disk, Trust(disk), batches, sure=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (directory / "a.log").read_bytes() == FIRST
    assert Trust(disk).damage_of(b"/long").startswith("the file cannot be written: File too large")
    assert kept(directory) == [FIRST]


def test_what_is_kept_finds_a_place_where_none_can_be_made_beside_the_journal(directory: Path) -> None:
    (directory / "a.log").write_bytes(OLD[:10])
    disk = FailingDisk(str(directory), fail_at=0)
    replay(disk, Trust(disk), BATCHES, sure=True)
    assert disk.calls[0] == "create"
    (found,) = directory.glob(".everstore/kept/a.log.torn-*")
    assert found.read_bytes() == WHOLE[BASE:]
    assert str(found.relative_to(directory)) in Trust(disk).damage_of(b"/a")


def test_an_unsure_log_that_begins_a_journal_has_nothing_before_it_to_judge(directory: Path) -> None:
    for left in (None, b"", FIRST[:7], bytes(5), FIRST):
        assert replayed(directory, left, NEW_BATCHES, "n/new.log", sure=False) == FIRST
        (directory / "n/new.log").unlink()
    assert Trust(AbandonedDisk(str(directory))).damaged == {}


@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize("left", [OLD + b"\0", OLD + b"\0" + FIRST, OLD + b"\n" + FIRST, OLD + b"\n" + FIRST[:9]])
def test_a_log_whose_only_append_was_taken_back_leaves_what_stood_before(
    directory: Path, left: bytes, sure: bool
) -> None:
    batches = [[Entry(APPEND, b"/a", BASE, FIRST)], [Entry(CANCEL, b"/a", BASE, b"")]]
    assert replayed(directory, left, batches, sure=sure) == OLD + b"\0"


def test_a_journal_whose_only_append_was_taken_back_is_empty(directory: Path) -> None:
    batches = [*NEW_BATCHES, [Entry(CANCEL, b"/n/new", 0, b"")]]
    for left in (FIRST, FIRST[:9]):
        (directory / "n").mkdir(exist_ok=True)
        assert replayed(directory, left, batches, "n/new.log") == b""


@pytest.mark.parametrize(
    ("sure", "level", "begins"), [(True, "ERROR", "damaged: the file"), (False, "WARNING", "the file")]
)
def test_what_could_not_be_written_is_said_with_the_place_where_it_is_kept(
    directory: Path, caplog: pytest.LogCaptureFixture, sure: bool, level: str, begins: str
) -> None:
    disk = AbandonedDisk(str(directory))
    (directory / "a.log").write_bytes(OLD[:10])
    assert replay(disk, Trust(disk), BATCHES, sure) == 1
    (record,) = caplog.records
    assert record.levelname == level
    assert record.message.startswith(
        f"{begins} has 10 bytes, though {BASE} were acknowledged; what the commit log knows"
    )
    assert record.message.endswith(next(directory.glob("a.log.torn-*")).name)


def test_foreign_bytes_that_are_overwritten_are_said(directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    replayed(directory, WHOLE.replace(b"second", b"SECOND"))
    (said,) = caplog.messages
    assert said.startswith(f"bytes from {BASE} on were not what was committed; they are kept in a.log.torn-")


def test_a_failure_that_may_pass_ends_the_replay_which_can_be_begun_again(directory: Path) -> None:
    (directory / "a.log").write_bytes(OLD + b"\0")
    disk = FailingDisk(str(directory), fail_at=0)
    with pytest.raises(StorageFailed):
        replay(disk, Trust(disk), BATCHES, sure=True)
    assert not Trust(disk).damage_of(b"/a")
    assert replayed(directory, None) == WHOLE
