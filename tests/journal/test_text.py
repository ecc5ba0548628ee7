from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore import limits
from everstore.errors import Refused
from everstore.journal.inspection import faults
from everstore.journal.text import END, Lines, StampCutter, check_events, first_unstamped_line, pieces, stamped, text_of

STAMP = b"2026-11-21T12:00:00.000"
LINES = st.binary(min_size=1, max_size=40).filter(lambda line: not set(line) & {0, 10})
EVENTS = st.lists(LINES, min_size=1, max_size=6)


@given(EVENTS, st.integers(1, 60))
def test_stamps_are_cut_off_again_wherever_the_text_is_cut(lines: list[bytes], step: int) -> None:
    events = b"\n".join(lines)
    check_events(events, 0, len(events))
    text = stamped(events, STAMP, 0, len(events))
    assert text.count(STAMP) >= len(lines)
    assert first_unstamped_line(text) is None
    assert list(faults(text + b"\0")) == []
    cutter = StampCutter()
    assert b"".join(cutter.cut(text[at : at + step]) for at in range(0, len(text), step)) == events


@pytest.mark.parametrize("events", [b"a\0b", b"\0", b"\n", b"a\n", b"\na", b"a\n\nb"])
def test_a_nul_or_an_empty_line_is_refused(events: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_events(events, 0, len(events))
    assert refused.value.code == 13


@pytest.mark.parametrize(
    "stamp",
    [b"2026-13-21T12:00:00.000", b"2026-11-32T12:00:00.000", b"2026-11-21T24:00:00.000", b"2026-11-21T12:60:00.000"],
)
def test_a_time_that_does_not_exist_is_no_timestamp(stamp: bytes) -> None:
    text = stamped(b"a", STAMP, 0, 1) + b"\n" + stamped(b"b", stamp, 0, 1)
    assert first_unstamped_line(text) == len(STAMP) + 3


def test_a_large_commit_is_the_same_lines_as_a_small_one_in_pieces_that_are_small() -> None:
    events = b"\n".join(b"t %d" % number for number in range(limits.PIECE_BYTES))
    before = b"what stands before the events\n"
    lines = stamped(before + events + b"\nand behind", STAMP, len(before), len(before + events))
    whole = b"\n".join(STAMP + b" " + event for event in events.split(b"\n"))
    assert isinstance(lines, Lines)
    assert b"".join(lines) == b"".join(lines) == whole, "as often as they are asked for"
    assert len(lines) == len(whole)
    assert max(map(len, lines)) <= 4 * limits.PIECE_BYTES


@pytest.mark.parametrize("order", [(0,), (1,), (0, 1), (1, 0), (0, 1, 1, 0)])
def test_an_append_is_its_commits_one_behind_the_other_and_the_marker(order: tuple[int, ...]) -> None:
    commits = [[b"small", Lines(b"x" * 100_000, 0, 100_000, STAMP)][each] for each in order]
    text = text_of(commits)
    whole = b"\n".join(b"".join(pieces(each)) for each in commits) + END
    assert b"".join(pieces(text)) == whole
    assert len(text) == len(whole)


@pytest.mark.parametrize("events", [b"a\0b", b"\0", b"\n", b"a\n", b"\na", b"a\n\nb"])
def test_only_the_events_are_looked_at(events: bytes) -> None:
    around = b"\0\n\n\0\n"
    check_events(around, len(around), len(around))
    check_events(around + b"a\nb" + around, len(around), len(around) + 3)
    with pytest.raises(Refused):
        check_events(around + events + around, len(around), len(around) + len(events))
