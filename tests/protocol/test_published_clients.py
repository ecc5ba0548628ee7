"""Clients published since 2015 work unmodified: see `support/published.py` for the habits that are relied on here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.frames import PART_BYTES_MAX
from support.published import Connection, PublishedClient, ServerError
from support.server import RunningServer
from support.wire import Client


@pytest.fixture
def published(server: RunningServer) -> Iterator[PublishedClient]:
    with PublishedClient(server.port) as connected:
        yield connected


def events_of(name: str, count: int) -> list[str]:
    return [f'examples.Created {{"journal":"{name}","number":{number}}}' for number in range(count)]


def test_600_journals_are_written_and_read_pipelined_over_six_connections(
    published: PublishedClient, name: bytes
) -> None:
    names = [f"{name.decode()}/{number}" for number in range(600)]
    opened = published.open_all(names)
    asked = [(on.connection, on.connection.commit(on, ["examples.Created"], events_of(on.name, 20))) for on in opened]
    assert {answer[0] for answer in published.answers(asked) if isinstance(answer, tuple)} == {True}
    opened = published.open_all(names)
    asked = [(on.connection, on.connection.read(on)) for on in opened]
    assert published.answers(asked) == [events_of(journal, 20) for journal in names]


@pytest.mark.parametrize("by", [-1, 0, 1, 2])
@pytest.mark.parametrize("parts", [1, 2, 3])
@pytest.mark.parametrize("last_line_bytes", [1, 5, 70_000])
def test_a_journal_in_parts_is_read_whole_at_every_bound(
    published: PublishedClient, name: bytes, parts: int, by: int, last_line_bytes: int
) -> None:
    """These readers take a part that leaves them nothing for the end, and no events."""
    total = parts * PART_BYTES_MAX + by
    last = "y" * min(last_line_bytes, total - 2)
    events = ["x" * (total - len(last) - 1), last]
    (on,) = published.open_all([name.decode()])
    on.connection.commit(on, ["t"], events)
    assert on.connection.receive()[2] == (True, total + 24 * 2 + 1)
    (on,) = published.open_all([name.decode()])
    on.connection.read(on)
    assert on.connection.receive()[2] == events


def test_large_journals_are_read_at_once_over_all_connections(published: PublishedClient, name: bytes) -> None:
    names = [f"{name.decode()}/{number}" for number in range(12)]
    opened = published.open_all(names)
    asked = [
        (on.connection, on.connection.commit(on, ["examples.Created"], events_of(on.name, 12_000))) for on in opened
    ]
    assert {answer[0] for answer in published.answers(asked) if isinstance(answer, tuple)} == {True}
    opened = published.open_all(names)
    assert {on.size > 500_000 for on in opened} == {True}
    asked = [(on.connection, on.connection.read(on)) for on in opened]
    for journal, events in zip(names, published.answers(asked), strict=True):
        assert events == events_of(journal, 12_000)


def test_small_answers_come_between_the_parts_of_large_ones_unharmed(published: PublishedClient, name: bytes) -> None:
    large, small = f"{name.decode()}/large", f"{name.decode()}/small"
    connection = published.connections[0]
    (on, _) = published.open_all([large, small])
    assert on.connection is connection
    connection.commit(on, ["t"], events_of(large, 12_000))
    assert isinstance(connection.receive()[2], tuple)
    (on, _) = published.open_all([large, small])
    due: dict[int, object] = {}
    for _ in range(10):
        due[connection.read(on)] = events_of(large, 12_000)
        due[connection.exists(small)] = False
        due[connection.exists(large)] = True
        due[connection.rollback(on)] = True
    got = {uid: answer for uid, _, answer in (connection.receive() for _ in due)}
    assert got == due


def test_a_conflict_is_no_success_and_no_error(published: PublishedClient, name: bytes) -> None:
    opened = published.open_all([name.decode() + "/same"] + [f"{name.decode()}/{number}" for number in range(5)])
    late = opened[0]
    (first, *_) = published.open_all([late.name])
    first.connection.commit(first, ["a.B", "B"], ["a.B {}"])
    assert first.connection.receive()[2] == (True, 31)
    late.connection.commit(late, ["c.D", "B"], ["c.D {}"])
    assert late.connection.receive()[2] == (False, 31)


def test_an_error_reaches_the_request_that_caused_it(published: PublishedClient, name: bytes) -> None:
    connection = published.connections[3]
    fine, wrong, fine_too = connection.exists(name.decode()), connection.exists("/a/../b"), connection.exists("/a")
    got = {uid: answer for uid, _, answer in (connection.receive() for _ in range(3))}
    assert got[fine] is False
    assert got[fine_too] is False
    assert isinstance(got[wrong], ServerError)
    assert got[wrong].args == (8,)


def test_a_read_of_nothing_is_a_list_of_nothing(published: PublishedClient, name: bytes) -> None:
    (on,) = published.open_all([name.decode()])
    on.connection.read(on)
    assert on.connection.receive()[2] == []


def test_a_client_that_snapshots_reads_only_what_is_new(published: PublishedClient, name: bytes) -> None:
    (on,) = published.open_all([name.decode()])
    on.connection.commit(on, ["t"], ["t old"] * 4000)
    answer = on.connection.receive()[2]
    assert isinstance(answer, tuple)
    (on,) = published.open_all([name.decode()])
    on.connection.commit(on, ["t"], ["t new"] * 4000)
    on.connection.receive()
    (on,) = published.open_all([name.decode()])
    on.connection.read(on, offset=answer[1])
    assert on.connection.receive()[2] == ["t new"] * 4000


def test_a_length_in_characters_harms_only_its_own_connection(server: RunningServer, client: Client) -> None:
    """Text beyond ASCII makes such a client send more bytes than it announces. Its stream is lost; nobody else's is."""
    connection = Connection(server.port)
    connection.exists("/" + "å" * 50)
    assert not client.exists(b"/someone/else")
    connection.close()
    assert not client.exists(b"/someone/else")
