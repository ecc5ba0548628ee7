"""Reading some of a journal's events, whether the server chooses or this client does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from everstore_client import CannotRead, Choosing, Client, Event, connect

LINES = ["A 1", "AB 2", "A 3", "B 4"]


@pytest.fixture
def db(url: str) -> Iterator[Client[Event]]:
    with connect(url) as db:
        yield db


@pytest.fixture
def chosen(db: Client[Event], journal: str) -> str:
    """A journal with an event in each of four milliseconds."""
    for line in LINES:
        db.append_raw(journal, line)
        before = db.read(journal, timestamps=True)[-1].timestamp
        while db.append_raw("/clock", "tick 1") and db.read("/clock", last=1, timestamps=True)[0].timestamp == before:
            pass
    return journal


def numbers(events: list[Event]) -> list[Any]:
    return [event.data for event in events]


@pytest.mark.parametrize(
    ("since", "choosing", "found"),
    [
        (0, {"types": ["A"]}, [1, 3]),
        (0, {"types": {"A", "B"}}, [1, 3, 4]),
        (0, {"types": ["none"]}, []),
        (28, {"until": 85}, [2, 3]),
        (28, {"types": ["A"], "until": 85}, [3]),
        (0, {"last": 2}, [3, 4]),
        (0, {"last": 0}, []),
        (0, {"last": 9}, [1, 2, 3, 4]),
        (0, {"last": 2, "types": ["A"], "until": 85}, [1, 3]),
        (0, {"newest_first": True}, [4, 3, 2, 1]),
        (0, {"newest_first": True, "last": 1, "types": ["A"]}, [3]),
    ],
)
def test_by_place_number_and_type(
    db: Client[Event], chosen: str, since: int, choosing: Choosing, found: list[int]
) -> None:
    assert numbers(db.read(chosen, since, **choosing)) == found
    assert numbers(db.read(chosen, since, timestamps=True, **choosing)) == found
    assert numbers(list(db.stream(chosen, since, **choosing))) == found
    assert numbers(list(db.stream(chosen, since, timestamps=True, **choosing))) == found


def test_by_time(db: Client[Event], chosen: str) -> None:
    times = [event.timestamp for event in db.read(chosen, timestamps=True)]
    assert all(times)
    for first in range(4):
        assert numbers(db.read(chosen, times[first])) == [1, 2, 3, 4][first:]  # type: ignore[arg-type]
        assert numbers(list(db.stream(chosen, times[first]))) == [1, 2, 3, 4][first:]  # type: ignore[arg-type]
        assert numbers(db.read(chosen, until=times[first])) == [1, 2, 3, 4][:first]
        assert numbers(db.read(chosen, until=times[first], last=1)) == [1, 2, 3, 4][max(first - 1, 0) : first]
        assert numbers(list(db.stream(chosen, times[1], until=times[first]))) == [1, 2, 3, 4][1:first]  # type: ignore[arg-type]


def test_a_place_that_is_none(db: Client[Event], chosen: str) -> None:
    for since, choosing in ((27, Choosing(types=["A"])), (0, Choosing(until=27))):
        with pytest.raises(CannotRead):
            db.read(chosen, since, **choosing)
        with pytest.raises(CannotRead):
            list(db.stream(chosen, since, **choosing))


def test_a_journal_that_does_not_exist_has_nothing(db: Client[Event], journal: str) -> None:
    for choosing in (Choosing(types=["A"]), Choosing(last=3), Choosing(newest_first=True)):
        assert db.read(journal, **choosing) == []
        assert list(db.stream(journal, **choosing)) == []


def test_a_stream_takes_no_notice_of_what_comes_meanwhile(db: Client[Event], journal: str) -> None:
    line = 'A "' + 50_000 * "x" + '"'
    db.append_raw(journal, *[line] * 20)
    stream = db.stream(journal, newest_first=True, types=["A"])
    next(stream)
    db.append_raw(journal, line)
    assert sum(1 for _ in stream) == 19
