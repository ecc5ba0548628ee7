"""What somebody asks to read, as a fetch says it and as it is chosen here; and arguments that make no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from everstore_client.choice import Choice, Choosing, Picker, choice_of
from everstore_client.errors import NotAcceptable
from everstore_client.wire.native_requests import ALL, End, Start

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOON_MS = 1_795_262_400_000
MICROSECOND = timedelta(microseconds=1)
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("since", "choosing", "choice"),
    [
        (0, {}, (Start.POSITION, 0, End.POSITION, ALL, ())),
        (28, {"until": 56}, (Start.POSITION, 28, End.POSITION, 56, ())),
        (28, {"types": ["A", "B"]}, (Start.POSITION, 28, End.POSITION, ALL, ("A", "B"))),
        (NOON, {"until": NOON + MILLISECOND}, (Start.TIME, NOON_MS, End.TIME, NOON_MS + 1, ())),
        (NOON + MICROSECOND, {}, (Start.TIME, NOON_MS + 1, End.POSITION, ALL, ())),
        (NOON - MICROSECOND, {}, (Start.TIME, NOON_MS, End.POSITION, ALL, ())),
        (NOON.astimezone(timezone(timedelta(hours=5))), {}, (Start.TIME, NOON_MS, End.POSITION, ALL, ())),
        (datetime(1960, 1, 1, tzinfo=UTC), {}, (Start.TIME, 0, End.POSITION, ALL, ())),
        (0, {"last": 3}, (Start.LAST, 3, End.POSITION, ALL, ())),
        (0, {"last": 0, "until": 28}, (Start.LAST, 0, End.POSITION, 28, ())),
        (0, {"last": 3, "newest_first": True, "types": ("A",)}, (Start.LAST_BACKWARDS, 3, End.POSITION, ALL, ("A",))),
        (0, {"newest_first": True}, (Start.LAST_BACKWARDS, ALL, End.POSITION, ALL, ())),
    ],
)
def test_what_is_asked_for(since: Any, choosing: Choosing, choice: tuple[Any, ...]) -> None:
    assert choice_of(since, choosing) == Choice(*choice)


@pytest.mark.parametrize(
    ("since", "choosing", "said"),
    [
        (datetime(2026, 11, 21), {}, "has no time zone"),
        (0, {"until": datetime(2026, 11, 21)}, "has no time zone"),
        (28, {"last": 3}, "`since` cannot be given"),
        (NOON, {"newest_first": True}, "`since` cannot be given"),
        (0, {"last": -1}, "last is -1, expected 0 or more"),
        (0, {"types": "A"}, "types is the text 'A', expected a list"),
    ],
)
def test_what_makes_no_sense(since: Any, choosing: Choosing, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        choice_of(since, choosing)


def test_a_type_that_cannot_be() -> None:
    with pytest.raises(NotAcceptable):
        choice_of(0, {"types": ["A B"]})


LINES = [
    b"2026-11-21T12:00:00.000 A 1",
    b"2026-11-21T12:00:00.001 AB 2",
    b"2026-11-21T12:00:00.001 A 3",
    b"2026-11-21T12:00:00.002 B 4",
]


@pytest.mark.parametrize(
    ("since", "choosing", "found"),
    [
        (0, {"types": ["A"]}, [0, 2]),
        (0, {"types": ["A", "B"]}, [0, 2, 3]),
        (0, {"types": ["none"]}, []),
        (NOON + MILLISECOND, {}, [1, 2, 3]),
        (NOON, {"until": NOON + MILLISECOND}, [0]),
        (0, {"until": NOON}, []),
        (0, {"last": 2}, [2, 3]),
        (0, {"last": 0}, []),
        (0, {"last": 9, "types": ["A"]}, [0, 2]),
        (0, {"last": 1, "types": ["A"], "until": NOON + MILLISECOND}, [0]),
        (0, {"newest_first": True}, [3, 2, 1, 0]),
        (0, {"newest_first": True, "last": 2, "types": ["A"]}, [2, 0]),
    ],
)
@pytest.mark.parametrize("pieces", [[4], [1, 1, 1, 1], [3, 1], [0, 2, 2]])
def test_what_is_chosen_here(since: Any, choosing: Choosing, found: list[int], pieces: list[int]) -> None:
    for timestamps in (True, False):
        picker = Picker(choice_of(since, choosing), timestamps)
        lines = iter(LINES)
        cut = [b"\n".join(next(lines) for _ in range(count)) for count in pieces]
        picked = [*map(picker.pick, cut[:-1]), picker.finish(cut[-1])]
        expected = [LINES[each] if timestamps else LINES[each][24:] for each in found]
        assert b"\n".join(filter(None, picked)) == b"\n".join(expected)
