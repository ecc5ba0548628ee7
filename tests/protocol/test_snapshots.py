"""A transaction sees the journal as it was when it opened, for as long as it lives."""

from __future__ import annotations

from support.wire import Client, lines


def test_a_transaction_reads_what_was_there_when_it_opened(client: Client, other: Client, name: bytes) -> None:
    written: list[bytes] = []
    opened = [client.open(name)]
    for number in range(20):
        events = [b"t %d.%d" % (number, part) for part in range(number % 3 + 1)]
        other.append(name, *events)
        written += events
        opened.append(client.open(name))
    for _ in range(2):
        seen = [lines(client.read(on)) for on in opened]
        assert [len(events) for events in seen] == sorted({len(events) for events in seen}), "each saw more"
        assert all(events == written[: len(events)] for events in seen)
        other.append(name, b"t later")


def test_a_transaction_opened_on_no_journal_sees_none_for_ever(client: Client, other: Client, name: bytes) -> None:
    on = client.open(name)
    other.append(name, b"t 1")
    assert on.size == 0
    assert client.read(on) == b""


def test_the_last_event_of_a_snapshot_is_whole_and_without_marker_when_more_follows(
    client: Client, other: Client, name: bytes
) -> None:
    other.append(name, b"t first", b"t second")
    on = client.open(name)
    before = client.read(on)
    other.append(name, b"t third")
    assert client.read(on) == before == b"t first\nt second"


def test_a_commit_behind_others_leaves_their_snapshots_alone(client: Client, other: Client, name: bytes) -> None:
    first = client.open(name)
    second = other.open(name)
    assert client.commit(first, b"a 1", types=b"a").succeeded
    assert other.read(second) == b""
    answer = other.commit(second, b"b 1", types=b"b")
    assert answer.succeeded
    assert client.events(name) == [b"a 1", b"b 1"]
    assert client.open(name).size == answer.size


def test_a_journal_is_read_from_a_saved_size(client: Client, name: bytes) -> None:
    """What a client with a snapshot does: it reads only what came after the size that it saved."""
    sizes = [0]
    for number in range(10):
        sizes.append(client.append(name, b"t %d" % number))
    on = client.open(name)
    for known, size in enumerate(sizes):
        assert lines(client.read(on, offset=size)) == [b"t %d" % number for number in range(known, 10)]
        for later in range(known, len(sizes)):
            expected = [b"t %d" % number for number in range(known, later)]
            assert lines(client.read(on, size, sizes[later])) == expected
