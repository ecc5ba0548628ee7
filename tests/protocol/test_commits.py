"""What a commit may carry, and that it is written whole, in one place, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from support import frames
from support.frames import COMMIT, ERROR, HEADER
from support.journal_files import STAMP_BYTES, events_in, journal_file, stamped_lines
from support.server import RunningServer
from support.wire import Client, committed

LINE = b"t {}"
UNACCEPTABLE = {
    "only a newline": b"\n",
    "a newline in front": b"\nt {}",
    "a newline behind": b"t {}\n",
    "an empty line between": b"t {}\n\nt {}",
    "a NUL": b"\0",
    "a NUL in front": b"\0t {}",
    "a NUL behind": b"t {}\0",
    "a NUL between": b"t {\0}",
    "a NUL in the last of many": b"t {}\n" * 1000 + b"t \0",
    "an empty line far behind": b"t {}\n" * 5000 + b"\nt {}",
}


def test_the_lines_of_a_commit_are_written_as_they_were_sent(
    client: Client, server: RunningServer, name: bytes
) -> None:
    events = [b't.Type {"a":1}', b"only-a-type", b"with  two spaces", b"\ttab", b"cr\r", "ä 用户 🙂".encode(), b" "]
    client.append(name, *events)
    assert client.events(name) == events
    assert events_in(journal_file(server.journals, name)) == events


def test_every_byte_but_newline_and_nul_may_be_in_an_event(client: Client, name: bytes) -> None:
    event = bytes(byte for byte in range(256) if byte not in b"\n\0")
    client.append(name, event, event[::-1])
    assert client.events(name) == [event, event[::-1]]


@pytest.mark.parametrize("line", [b"2015-08-02T16:23:02.580 t {}", b"2015-08-02", b",", b"\x01", b"\xc0\x80"])
def test_an_event_may_look_like_anything(client: Client, name: bytes, line: bytes) -> None:
    client.append(name, line, line)
    client.append(name, line)
    assert client.events(name) == [line] * 3


def test_a_commit_without_events_succeeds_and_writes_nothing(
    client: Client, server: RunningServer, name: bytes
) -> None:
    size = client.append(name, LINE)
    before = journal_file(server.journals, name).read_bytes()
    assert client.commit(client.open(name), types=b"t") == (True, size)
    assert client.commit(client.open(name)) == (True, size)
    assert journal_file(server.journals, name).read_bytes() == before


def test_a_commit_without_events_on_no_journal_makes_none(client: Client, server: RunningServer, name: bytes) -> None:
    assert client.commit(client.open(name), types=b"t") == (True, 0)
    assert not client.exists(name)
    assert not journal_file(server.journals, name).exists()


@pytest.mark.parametrize("what", UNACCEPTABLE)
def test_unacceptable_events_are_error_13_and_nothing_is_written(
    client: Client, server: RunningServer, name: bytes, what: str
) -> None:
    on = client.open(name)
    assert client.ask(frames.commit(name, on.worker, on.transaction, b"t", UNACCEPTABLE[what])).code == 13
    assert not client.exists(name)
    size = client.append(name, LINE, types=b"t")
    before = journal_file(server.journals, name).read_bytes()
    on = client.open(name)
    assert client.ask(frames.commit(name, on.worker, on.transaction, b"t", UNACCEPTABLE[what])).code == 13
    assert client.open(name).size == size
    assert journal_file(server.journals, name).read_bytes() == before


def test_an_unacceptable_commit_among_good_ones_harms_none(client: Client, name: bytes) -> None:
    opened = [client.open(name) for _ in range(30)]
    events = [b"t %d" % number if number % 3 else b"t \0" for number in range(30)]
    client.send(
        *[frames.commit(name, on.worker, on.transaction, b"", event) for on, event in zip(opened, events, strict=True)]
    )
    kinds = [reply.kind for reply in client.receive_many(30)]
    assert kinds == [COMMIT if number % 3 else ERROR for number in range(30)]
    assert client.events(name) == [b"t %d" % number for number in range(30) if number % 3]


@pytest.mark.parametrize("length", [999, 1000, 1001, 4096, 32_767, 32_768, 65_536, 1 << 20, (8 << 20) + 1])
def test_one_long_event_is_written_and_read(client: Client, server: RunningServer, name: bytes, length: int) -> None:
    """The original hung or crashed on events over 1,000 bytes and transactions over 32 KiB."""
    event = b"t " + b"x" * (length - 2)
    assert client.append(name, event) == STAMP_BYTES + length + 1
    assert client.append(name, LINE) == journal_file(server.journals, name).stat().st_size
    assert client.events(name) == [event, LINE]


@pytest.mark.parametrize("count", [2, 1000, 100_000])
def test_many_events_in_one_commit_are_written_and_read(client: Client, name: bytes, count: int) -> None:
    events = [b"some.Type {%d}" % number for number in range(count)]
    size = client.append(name, *events)
    assert size == sum(map(len, events)) + count * (STAMP_BYTES + 1)
    assert client.events(name) == events


def test_many_short_lines_are_stamped_each(client: Client, server: RunningServer, name: bytes) -> None:
    client.append(name, *[b"x"] * 50_000)
    written = stamped_lines(journal_file(server.journals, name))
    assert [event for _, event in written] == [b"x"] * 50_000
    assert len({stamp for stamp, _ in written}) == 1


def test_commits_of_many_clients_to_one_journal_are_never_interleaved(
    server: RunningServer, client: Client, name: bytes
) -> None:
    """Each writes transactions of several events; each transaction stands in one place, each client's in its order."""
    writers, commits, events_each = 6, 60, 7

    def write(writer: int) -> None:
        with Client(server.port) as connection:
            for first in range(0, commits, 20):
                batch = [connection.open(name) for _ in range(20)]
                connection.send(
                    *[
                        frames.commit(name, on.worker, on.transaction, b"", events_of(writer, first + number))
                        for number, on in enumerate(batch)
                    ]
                )
                assert all(committed(reply).succeeded for reply in connection.receive_many(20))

    def events_of(writer: int, commit: int) -> bytes:
        return b"\n".join(b"w%d %d %d" % (writer, commit, part) for part in range(events_each))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    written = client.events(name)
    blocks = [b"\n".join(written[at : at + events_each]) for at in range(0, len(written), events_each)]
    assert sorted(blocks) == sorted(events_of(writer, commit) for writer in range(writers) for commit in range(commits))
    for writer in range(writers):
        mine = [block for block in blocks if block.startswith(b"w%d " % writer)]
        assert mine == [events_of(writer, commit) for commit in range(commits)]


# -- the limit of a request


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("strict") / "journals", workers=1, max_request="64KiB") as running:
        yield running


def commit_of_body(client: Client, name: bytes, body_bytes: int) -> bytes:
    on = client.open(name)
    events = b"t " + b"x" * (body_bytes - frames.FOUR.size - len(name) - 2)
    request = frames.commit(name, on.worker, on.transaction, b"", events, uid=5)
    assert len(request) == HEADER.size + body_bytes
    return request


@pytest.mark.parametrize("body_bytes", [65_535, 65_536])
def test_a_request_up_to_the_limit_is_served(strict: RunningServer, name: bytes, body_bytes: int) -> None:
    with Client(strict.port) as client:
        assert committed(client.ask(commit_of_body(client, name, body_bytes))).succeeded


@pytest.mark.parametrize("body_bytes", [65_537, 100_000, 5_000_000])
def test_a_request_over_the_limit_is_error_1_and_the_next_one_is_served(
    strict: RunningServer, name: bytes, body_bytes: int
) -> None:
    with Client(strict.port) as client:
        request = commit_of_body(client, name, body_bytes)
        client.send(request + frames.exists(name, uid=6))
        first, second = client.receive_many(2)
        assert (first.uid, first.code) == (5, 1)
        assert (second.kind, second.uid, second.body) == (frames.EXISTS, 6, b"\0")
        assert client.append(name, LINE) == STAMP_BYTES + len(LINE) + 1


def test_a_request_over_the_limit_is_refused_as_soon_as_its_header_is_there(strict: RunningServer) -> None:
    with Client(strict.port) as client:
        client.send(HEADER.pack(COMMIT, 0xFFFFFFFF, 9, 0, 1))
        reply = client.receive()
        assert (reply.uid, reply.code) == (9, 1)


def test_a_body_that_is_skipped_is_not_taken_for_requests(strict: RunningServer, name: bytes) -> None:
    """The body is made of whole requests; none of them may be heard, wherever it is cut."""
    with Client(strict.port) as client, Client(strict.port) as other:
        inner = frames.exists(name, uid=1111) * 3000
        whole = frames.frame(COMMIT, 10, inner, worker=1) + frames.exists(name, uid=11)
        for position in (20, 21, 40, 65_536, len(whole) - 5):
            client.send(whole[:position])
            other.exists(name)
            client.send(whole[position:])
            assert [(reply.kind, reply.uid) for reply in client.receive_many(2)] == [(ERROR, 10), (frames.EXISTS, 11)]
