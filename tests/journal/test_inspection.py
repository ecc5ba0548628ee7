from __future__ import annotations

import pytest

from everstore.journal import inspection
from everstore.journal.inspection import Fault, faults

FIRST = b"2015-07-27T15:59:49.706 a.A 1"
LATER = b"2015-07-27T15:59:50.001 b.B 2"
SIZE = len(FIRST)
SOUND = FIRST + b"\n" + LATER + b"\0"
JOINED = "a timestamp within a line, as if two lines had been joined"
NOT_LAST = "a NUL that is not the last byte"
NO_END = "the end marker (a NUL) is missing"
EMPTY = "an empty line"


def unstamped(head: bytes) -> str:
    return f"a line that does not begin with a timestamp and a space: {head!r}"


@pytest.mark.parametrize("data", [b"", SOUND, FIRST + b"\0", FIRST + b"\n" + FIRST + b"\0", FIRST[:25] + b"\0"])
def test_nothing_is_wrong_with_a_sound_journal(data: bytes) -> None:
    assert list(faults(data)) == []


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (SOUND[:-1], [Fault(2 * SIZE + 1, NO_END)]),
        (SOUND[:-1] + b"\n", [Fault(2 * SIZE + 2, NO_END)]),
        (FIRST + b"\0" + LATER + b"\0", [Fault(SIZE, NOT_LAST)]),
        (SOUND + b"\0", [Fault(2 * SIZE + 1, NOT_LAST), Fault(2 * SIZE + 2, EMPTY)]),
        (b"\0", [Fault(0, EMPTY)]),
        (b"\n", [Fault(0, EMPTY), Fault(1, NO_END)]),
        (FIRST + b"\n\n" + LATER + b"\0", [Fault(SIZE + 1, EMPTY)]),
        (FIRST + b"\nX" + LATER[1:] + b"\0", [Fault(SIZE + 1, unstamped(b"X" + LATER[1:23]))]),
        (FIRST[:20], [Fault(0, unstamped(FIRST[:20])), Fault(20, NO_END)]),
        (FIRST[:24] + b"\0", [Fault(0, "a line without an event")]),
        (FIRST[:23] + b"\n" + LATER + b"\0", [Fault(0, unstamped(FIRST[:23]))]),
        (
            LATER + b"\n" + FIRST + b"\n" + LATER + b"\0",
            [
                Fault(
                    SIZE + 1,
                    "a timestamp before an earlier line's: 2015-07-27T15:59:49.706 after 2015-07-27T15:59:50.001",
                )
            ],
        ),
    ],
)
def test_each_fault_is_named_with_its_byte(data: bytes, found: list[Fault]) -> None:
    assert list(faults(data)) == found


def test_lines_that_lost_their_timestamp_do_not_hide_that_time_went_back() -> None:
    data = LATER + b"\nX" + LATER[1:] + b"\n" + FIRST + b"\0"
    assert [fault.at for fault in faults(data)] == [SIZE + 1, 2 * SIZE + 2]


@pytest.mark.parametrize("bit", range(8))
def test_a_newline_with_any_bit_flipped_is_found_where_it_stood(bit: int) -> None:
    (found,) = faults(SOUND.replace(b"\n", bytes([10 ^ 1 << bit])))
    assert found == Fault(SIZE, JOINED)


def test_an_event_may_speak_of_a_time_before_its_own() -> None:
    earlier = FIRST.replace(b"2015", b"2014")
    assert list(faults(LATER + b"*" + earlier + b"\0")) == []
    assert list(faults(FIRST + b"*" + FIRST + b"\0")) == [Fault(SIZE, JOINED)], (
        "of its own, which a commit's lines have"
    )
    assert list(faults(FIRST + b" " + LATER + b"\0")) == [], "a blank is no newline with a bit flipped"


def test_the_looker_is_told_of_all_bytes_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "_STEP_BYTES", 2 * SIZE + 2)
    told: list[int] = []
    data = b"\n".join([FIRST] * 7) + b"\0"
    assert list(faults(data, told.append)) == []
    assert told == [2 * (SIZE + 1)] * 3
