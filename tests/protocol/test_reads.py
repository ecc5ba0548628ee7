"""Reads: from a former size up to a size, cut into parts at exact bounds, with timestamps or without."""

from __future__ import annotations

import datetime
import itertools

import pytest
from support import frames
from support.frames import BODY_BYTES_MAX, MULTIPART, PART_BYTES_MAX, TIMESTAMPS
from support.journal_files import STAMP, STAMP_BYTES, journal_file
from support.server import RunningServer
from support.wire import Client, Opened, lines, part_bytes

LINE = b"t {}"
CLOCK_TOLERANCE = datetime.timedelta(seconds=5)


def code_of_read(client: Client, on: Opened, offset: int, size: int) -> int:
    return client.ask(frames.read(on.name, on.worker, offset, size)).code


# -- offset and size


def test_an_offset_at_the_size_reads_nothing(client: Client, name: bytes) -> None:
    size = client.append(name, LINE)
    on = client.open(name)
    assert client.read(on, offset=size, size=size) == b""
    assert client.read(on, offset=size, size=0xFFFFFFFF) == b""


@pytest.mark.parametrize("past", [1, 2, 1000, 1 << 30])
def test_an_offset_past_the_size_is_error_5(client: Client, name: bytes, past: int) -> None:
    size = client.append(name, LINE)
    on = client.open(name)
    assert code_of_read(client, on, size + past, size) == 5
    assert code_of_read(client, on, size + past, size + past) == 5
    assert code_of_read(client, on, 0xFFFFFFFF, 0xFFFFFFFF) == 5


def test_an_offset_past_the_size_that_was_asked_for_is_error_5(client: Client, name: bytes) -> None:
    first = client.append(name, LINE)
    second = client.append(name, LINE)
    assert code_of_read(client, client.open(name), second, first) == 5


def test_an_offset_within_a_line_is_error_5(client: Client, name: bytes) -> None:
    first = client.append(name, b"first {}", b"second {}")
    second = client.append(name, b"third {}")
    on = client.open(name)
    starts = {0, STAMP_BYTES + len(b"first {}") + 1, first, second}
    for offset in set(range(second)) - starts:
        assert code_of_read(client, on, offset, second) == 5, offset


def test_a_size_past_the_journal_is_clamped(client: Client, name: bytes) -> None:
    size = client.append(name, LINE, LINE)
    on = client.open(name)
    for asked in (size, size + 1, size + 1000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
        assert client.read(on, size=asked) == LINE + b"\n" + LINE


def test_a_journal_that_does_not_exist_reads_as_nothing(client: Client, server: RunningServer, name: bytes) -> None:
    on = client.open(name)
    for size in (0, 1, 0xFFFFFFFF):
        assert client.read(on, size=size) == b""
        assert client.read(on, size=size, timestamps=True) == b""
    assert code_of_read(client, on, 1, 1) == 5
    assert not client.exists(name)
    assert not journal_file(server.journals, name).exists()


def test_a_read_needs_no_transaction(client: Client, other: Client, name: bytes) -> None:
    on = client.open(name)
    size = client.commit(on, LINE).size
    assert other.read(on, size=size) == LINE


# -- parts


def parts_of(client: Client, name: bytes, properties: int = 0) -> list[bytes]:
    """The bytes of each part, after a check of everything that parts must be."""
    on = client.open(name)
    parts = client.read_parts(on, 0, on.size, properties)
    assert [part.properties & MULTIPART for part in parts] == [MULTIPART] * (len(parts) - 1) + [0]
    assert {part.properties & ~MULTIPART for part in parts} <= {0, properties}
    assert {part.worker for part in parts} == {on.worker}
    assert all(part.size == BODY_BYTES_MAX for part in parts[:-1]), "every part but the last is exactly full"
    cut = [part_bytes(part) for part in parts]
    assert cut[-1] or len(cut) == 1, "no part of several is empty"
    return cut


def events_of_total(total: int, count: int) -> list[bytes]:
    """So many events that are, joined, so many bytes."""
    each, rest = divmod(total - (count - 1), count)
    return [b"e" * (each + (number < rest)) for number in range(count)]


BOUNDS = [part * PART_BYTES_MAX + by for part in (1, 2, 3, 7) for by in (-2, -1, 0, 1, 2)]


@pytest.mark.parametrize("count", [1, 2, 1000])
@pytest.mark.parametrize("total", BOUNDS)
def test_a_reply_is_one_part_up_to_the_bound_and_full_parts_beyond(
    client: Client, name: bytes, total: int, count: int
) -> None:
    events = events_of_total(total, count)
    client.append(name, *events)
    due = b"\n".join(events)
    assert len(due) == total
    assert parts_of(client, name) == [due[at : at + PART_BYTES_MAX] for at in range(0, total, PART_BYTES_MAX)]


@pytest.mark.parametrize("count", [1, 2, 1000])
@pytest.mark.parametrize("total", BOUNDS)
def test_with_timestamps_the_bounds_are_the_same(client: Client, name: bytes, total: int, count: int) -> None:
    client.append(name, *events_of_total(total - count * STAMP_BYTES, count))
    parts = parts_of(client, name, TIMESTAMPS)
    assert [len(part) for part in parts] == [min(PART_BYTES_MAX, total - at) for at in range(0, total, PART_BYTES_MAX)]
    assert all(STAMP.match(line) for line in lines(b"".join(parts)))


@pytest.mark.parametrize("body", [BODY_BYTES_MAX - 1, BODY_BYTES_MAX, BODY_BYTES_MAX + 1])
def test_a_body_over_65536_bytes_is_the_first_to_be_cut(client: Client, name: bytes, body: int) -> None:
    client.append(name, b"x" * (body - 4))
    assert len(parts_of(client, name)) == (1 if body <= BODY_BYTES_MAX else 2)


@pytest.mark.parametrize("event_bytes", [1, 24, 25, 1000, 65_531, 65_532, 65_533, 200_000])
def test_lines_of_any_length_lie_across_parts_unharmed(client: Client, name: bytes, event_bytes: int) -> None:
    events = [b"%d" % (number % 10) * event_bytes for number in range(max(3, 300_000 // (event_bytes + 25)))]
    client.append(name, *events)
    assert lines(b"".join(parts_of(client, name))) == events
    assert lines(b"".join(parts_of(client, name, TIMESTAMPS)))[-1][STAMP_BYTES:] == events[-1]


def test_a_read_in_parts_from_a_former_size_is_exact(client: Client, name: bytes) -> None:
    sizes = [client.append(name, b"%d" % number * 40_000) for number in range(10)]
    on = client.open(name)
    for start, end in itertools.combinations([0, *range(1, 11)], 2):
        offset = sizes[start - 1] if start else 0
        data = client.read(on, offset, sizes[end - 1])
        assert lines(data) == [b"%d" % number * 40_000 for number in range(start, end)]


def test_parts_of_pipelined_reads_are_told_apart_by_their_uid(client: Client, name: bytes) -> None:
    journals = [name + b"/%d" % number for number in range(8)]
    due = {}
    for number, journal in enumerate(journals):
        due[number] = b"%d" % number * 300_000
        client.append(journal, due[number])
    opened = [client.open(journal) for journal in journals]
    client.send(*[frames.read(on.name, on.worker, 0, on.size, uid=uid) for uid, on in enumerate(opened)])
    got: dict[int, bytes] = dict.fromkeys(due, b"")
    open_reads = set(due)
    while open_reads:
        part = client.receive()
        assert part.uid in open_reads
        got[part.uid] += part_bytes(part)
        if not part.properties & MULTIPART:
            open_reads.remove(part.uid)
    assert got == due


def test_a_20_mb_journal_is_read_whole_and_again_while_it_grows(client: Client, other: Client, name: bytes) -> None:
    events = [b"some.package.Type {%06d}" % number + b"." * 75 for number in range(40_000)]
    for _ in range(4):
        client.append(name, *events)
    on = client.open(name)
    assert on.size > 20_000_000
    client.send(frames.read(name, on.worker, 0, on.size, uid=1))
    other.append(name, b"late {}")
    got = []
    while True:
        part = client.receive()
        got.append(part_bytes(part))
        if not part.properties & MULTIPART:
            break
    assert lines(b"".join(got)) == events * 4
    assert client.events(name) == [*events * 4, b"late {}"]


# -- timestamps


def stamps_of(client: Client, name: bytes) -> list[str]:
    return [line[: STAMP_BYTES - 1].decode() for line in lines(client.read(client.open(name), timestamps=True))]


def test_a_timestamp_is_utc_to_the_millisecond_and_near_now(client: Client, name: bytes) -> None:
    before = datetime.datetime.now(datetime.UTC) - CLOCK_TOLERANCE
    client.append(name, LINE)
    after = datetime.datetime.now(datetime.UTC) + CLOCK_TOLERANCE
    data = client.read(client.open(name), timestamps=True)
    assert STAMP.match(data)
    stamp = datetime.datetime.strptime(data[:23].decode(), "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=datetime.UTC)
    assert before <= stamp <= after
    assert data[STAMP_BYTES:] == LINE


def test_all_events_of_a_commit_carry_one_timestamp_and_they_never_go_back(client: Client, name: bytes) -> None:
    for _ in range(40):
        client.append(name, LINE, LINE, LINE)
    stamps = stamps_of(client, name)
    assert all(len(set(stamps[at : at + 3])) == 1 for at in range(0, 120, 3))
    assert stamps == sorted(stamps)
    assert len(set(stamps)) > 1, "forty syncs take more than a millisecond"


def test_timestamps_do_not_go_back_behind_a_journal_from_the_future(
    client: Client, server: RunningServer, name: bytes
) -> None:
    """Whatever the clock does: here it was ahead when the last event was written."""
    file = journal_file(server.journals, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"2999-12-31T23:59:59.998 t {}\0")
    client.append(name, LINE)
    client.append(name, LINE)
    stamps = stamps_of(client, name)
    assert len(stamps) == 3
    assert stamps == sorted(stamps)


def test_a_read_with_timestamps_is_the_file_without_its_marker(
    client: Client, server: RunningServer, name: bytes
) -> None:
    for number in range(5):
        client.append(name, b"t %d" % number, LINE)
    on = client.open(name)
    assert client.read(on, timestamps=True) + b"\0" == journal_file(server.journals, name).read_bytes()
