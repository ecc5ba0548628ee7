from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore.errors import Refused
from everstore.journal.inspection import faults
from everstore.journal.text import StampCutter, check_events, first_unstamped_line, stamped

STAMP = b"2026-11-21T12:00:00.000"
LINES = st.binary(min_size=1, max_size=40).filter(lambda line: not set(line) & {0, 10})
EVENTS = st.lists(LINES, min_size=1, max_size=6)


@given(EVENTS, st.integers(1, 60))
def test_stamps_are_cut_off_again_wherever_the_text_is_cut(lines: list[bytes], step: int) -> None:
    events = b"\n".join(lines)
    check_events(events)
    text = stamped(events, STAMP)
    assert text.count(STAMP) >= len(lines)
    assert first_unstamped_line(text) is None
    assert list(faults(text + b"\0")) == []
    cutter = StampCutter()
    assert b"".join(cutter.cut(text[at : at + step]) for at in range(0, len(text), step)) == events


@pytest.mark.parametrize("events", [b"a\0b", b"\0", b"\n", b"a\n", b"\na", b"a\n\nb"])
def test_a_nul_or_an_empty_line_is_refused(events: bytes) -> None:
    with pytest.raises(Refused) as refused:
        check_events(events)
    assert refused.value.code == 13


@pytest.mark.parametrize(
    "stamp",
    [b"2026-13-21T12:00:00.000", b"2026-11-32T12:00:00.000", b"2026-11-21T24:00:00.000", b"2026-11-21T12:60:00.000"],
)
def test_a_time_that_does_not_exist_is_no_timestamp(stamp: bytes) -> None:
    text = stamped(b"a", STAMP) + b"\n" + stamped(b"b", stamp)
    assert first_unstamped_line(text) == len(STAMP) + 3
