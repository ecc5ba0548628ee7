"""Native reads: every way to begin and end one, held against the lines of the journal themselves."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.embedded import Embedded
from support.native import fetch

from everstore.wire.native import ALL, End, Start


def stamp(milliseconds: int) -> bytes:
    at = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S").encode() + b".%03d" % (milliseconds % 1000)


BEGIN = 1_795_000_000_000


class Written:
    """A journal of random lines, and where each stands."""

    def __init__(self, directory: Path, seed: int, count: int, longest: int) -> None:
        chance = random.Random(seed)
        self.times = sorted(chance.randrange(count) for _ in range(count))
        types = [chance.choice([b"A", b"B", b"Long.Type"]) for _ in range(count)]
        texts = [b"x" * int(chance.paretovariate(1) % longest) for _ in range(count)]
        self.events = [b"%s {%s}" % pair for pair in zip(types, texts, strict=True)]
        self.lines = [stamp(BEGIN + at) + b" " + event for at, event in zip(self.times, self.events, strict=True)]
        directory.mkdir(exist_ok=True)
        (directory / "j.log").write_bytes(b"\n".join(self.lines) + b"\0")
        self.positions = [0]
        for line in self.lines:
            self.positions.append(self.positions[-1] + len(line) + 1)
        self.directory = directory
        self.store: Embedded

    def expected(self, first: int, last: int, types: frozenset[bytes] = frozenset(), stamps: bool = False) -> bytes:
        chosen = [at for at in range(first, last) if not types or self.events[at].split(b" ")[0] in types]
        return b"\n".join((self.lines if stamps else self.events)[at] for at in chosen)


@pytest.fixture(scope="module", params=[(1, 1, 10), (2, 50, 100), (3, 900, 300), (4, 60, 200_000)])
def on_disk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Written:
    seed, count, longest = request.param
    return Written(tmp_path_factory.mktemp("fetched") / "journals", seed, count, longest)


@pytest.fixture
def written(on_disk: Written) -> Written:
    on_disk.store = Embedded(on_disk.directory)
    return on_disk


def some(count: int) -> list[int]:
    return sorted({0, 1, 2, count // 3, count // 2, count - 1, count} & set(range(count + 1)))


def test_all_with_and_without_timestamps(written: Written) -> None:
    everything = written.positions[-1]
    for stamps in (False, True):
        found = fetch(written.store, b"/j", stamps=stamps)
        assert found == (0, everything, written.expected(0, len(written.lines), stamps=stamps))


def test_from_one_position_to_another(written: Written) -> None:
    for first in some(len(written.lines)):
        for last in some(len(written.lines)):
            if first <= last:
                start, end = written.positions[first], written.positions[last]
                found = fetch(written.store, b"/j", start=start, end=end)
                assert found == (start, end, written.expected(first, last))


def test_only_some_types(written: Written) -> None:
    for types in (frozenset({b"A"}), frozenset({b"A", b"Long.Type"}), frozenset({b"none"})):
        for first in some(len(written.lines)):
            found = fetch(written.store, b"/j", start=written.positions[first], types=types)
            assert found[2] == written.expected(first, len(written.lines), types)


def test_from_a_time_until_a_time(written: Written) -> None:
    times = written.times
    for since in [-1, 0, times[0], times[len(times) // 2], times[-1], times[-1] + 1]:
        first = sum(each < since for each in times)
        found = fetch(written.store, b"/j", Start.TIME, BEGIN + since, stamps=True)
        assert found[0] == written.positions[first], since
        assert found[2] == written.expected(first, len(times), stamps=True)
        until = fetch(written.store, b"/j", end=BEGIN + since, end_is=End.TIME)
        assert until == (0, written.positions[first], written.expected(0, first))


def test_page_by_page_it_is_all_there(written: Written) -> None:
    for size in (1, 100, 30_000, ALL):
        at, pages = 0, []
        while at < written.positions[-1]:
            start, end, text = fetch(written.store, b"/j", start=at, end=size, end_is=End.BYTES, stamps=True)
            assert start == at
            assert end == min(each for each in written.positions if each >= min(at + size, written.positions[-1]))
            at = end
            pages.append(text)
        assert b"\n".join(pages) == written.expected(0, len(written.lines), stamps=True)
        at_the_end = fetch(written.store, b"/j", start=at, end=size, end_is=End.BYTES)
        assert at_the_end == (at, at, b"")


def test_a_page_of_some_types_may_hold_none_and_says_where_to_go_on(written: Written) -> None:
    end = fetch(written.store, b"/j", end=1, end_is=End.BYTES, types=frozenset({b"none"}))
    assert end == (0, written.positions[1], b"")


def test_a_page_from_a_time(written: Written) -> None:
    first = sum(each < written.times[-1] for each in written.times)
    found = fetch(written.store, b"/j", Start.TIME, BEGIN + written.times[-1], end=1, end_is=End.BYTES)
    assert found == (written.positions[first], written.positions[first + 1], written.expected(first, first + 1))


def test_times_out_of_all_calendars(written: Written) -> None:
    assert fetch(written.store, b"/j", Start.TIME, 0)[0] == 0
    assert fetch(written.store, b"/j", Start.TIME, ALL)[2] == b""
    assert fetch(written.store, b"/j", Start.TIME, BEGIN + 10**7, end=BEGIN, end_is=End.TIME)[2] == b""


def test_the_last_events(written: Written) -> None:
    count = len(written.lines)
    for most in [*some(count), count + 1, ALL]:
        first = max(0, count - most)
        found = fetch(written.store, b"/j", Start.LAST, most)
        assert found == (written.positions[first], written.positions[-1], written.expected(first, count))


def test_the_last_events_newest_first(written: Written) -> None:
    count = len(written.lines)
    for most in some(count):
        found = fetch(written.store, b"/j", Start.LAST_BACKWARDS, most, stamps=True)
        assert found[2] == b"\n".join(written.lines[::-1][:most])


def test_the_last_events_of_some_types(written: Written) -> None:
    of_type = [event for event in written.events if event.startswith(b"B ")]
    for most in (1, 3, 10**6):
        wanted = {"types": frozenset({b"B"}), "start": most}
        assert fetch(written.store, b"/j", Start.LAST, **wanted)[2] == b"\n".join(of_type[-most:])
        assert fetch(written.store, b"/j", Start.LAST_BACKWARDS, **wanted)[2] == b"\n".join(of_type[::-1][:most])


def test_the_last_events_before_a_position(written: Written) -> None:
    for last in some(len(written.lines)):
        found = fetch(written.store, b"/j", Start.LAST, 2, end=written.positions[last])
        assert found[2] == written.expected(max(0, last - 2), last)


def test_a_journal_that_does_not_exist_has_nothing(written: Written) -> None:
    for start_is in Start:
        assert fetch(written.store, b"/none", start_is, 0) == (0, 0, b"")


@pytest.mark.parametrize(
    "wanted",
    [
        {"start": 1},
        {"end": 30},
        {"start": 10**9},
        {"start": ALL},
        {"start_is": 4},
        {"end_is": 3},
        {"start": 1, "end_is": End.BYTES},
        {"start": ALL, "end_is": End.BYTES},
        {"start_is": Start.LAST, "start": 1, "end_is": End.BYTES},
        {"start_is": Start.LAST_BACKWARDS, "start": 1, "end_is": End.BYTES},
    ],
)
def test_what_is_no_place_in_a_journal_is_refused(written: Written, wanted: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match="READ_FAILED"):
        fetch(written.store, b"/j", **wanted)  # type: ignore[arg-type]


def test_a_long_search_is_made_in_steps(tmp_path: Path) -> None:
    """So that a worker serves others meanwhile, and is not taken for one that hangs."""
    written = Written(tmp_path / "journals", 5, 20_000, 300)
    written.store = Embedded(written.directory)
    reading = written.positions[-1] / 65_536
    for wanted in ({"types": frozenset({b"none"})}, {"start_is": Start.LAST, "start": ALL}):
        steps = []
        written.store.store._files.read = _counted(written.store.store._files.read, steps)  # type: ignore[method-assign] # noqa: SLF001
        fetch(written.store, b"/j", **wanted)  # type: ignore[arg-type]
        assert max(steps) <= 65_536
        assert len(steps) >= reading


def _counted(read: object, steps: list[int]) -> object:
    def counted(name: bytes, position: int, count: int) -> bytes:
        steps.append(count)
        return read(name, position, count)  # type: ignore[operator,no-any-return]

    return counted
