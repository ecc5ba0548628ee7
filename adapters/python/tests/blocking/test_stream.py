"""Long reads: complete, in little memory, and in nobody's way."""

from __future__ import annotations

import itertools
import tracemalloc
from typing import Any

import pytest

from everstore_client import ConnectionLost, Event, Timeout, connect
from everstore_client.limits import READ_WHOLE_BYTES_MAX
from everstore_client.wire.layouts import LITTLE

LINES = [f"a {number:01000}" for number in range(2000)]
COMMITS = 10


@pytest.fixture(scope="module")
def long_journal(shared_server: Any) -> str:
    """A journal of 20 MB."""
    with connect(f"everstore://127.0.0.1:{shared_server.port}") as db:
        for _ in range(COMMITS):
            db.append_raw("/long", *LINES)
    return "/long"


def test_a_stream_is_complete(url: str, long_journal: str) -> None:
    with connect(url) as db:
        for line, expected in itertools.zip_longest(db.stream_raw(long_journal), LINES * COMMITS):
            assert line == expected.encode()


def test_a_stream_takes_little_memory(url: str, long_journal: str) -> None:
    with connect(url) as db:
        tracemalloc.start()
        count = sum(1 for _ in db.stream(long_journal))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == len(LINES) * COMMITS
    assert most < 4_000_000


def test_a_transaction_streams_what_it_saw(url: str, long_journal: str) -> None:
    with connect(url) as db, db.transaction(long_journal) as tx:
        assert tx.size > READ_WHOLE_BYTES_MAX
        assert sum(1 for _ in tx.stream()) == len(LINES) * COMMITS


def test_a_slow_consumer_holds_up_nobody(url: str, long_journal: str, journal: str) -> None:
    with connect(url, connections=1) as db:
        stream = db.stream(long_journal)
        first = next(stream)
        db.append(journal, type="a", data=1)
        assert db.read(journal) == [Event("a", 1)]
        assert first.type == "a"
        assert sum(1 for _ in stream) == len(LINES) * COMMITS - 1


def test_a_stream_may_be_left_and_another_begun(url: str, long_journal: str) -> None:
    with connect(url) as db:
        for _ in range(3):
            stream = db.stream(long_journal)
            assert next(stream).type == "a"
            stream.close()  # type: ignore[attr-defined]
        assert sum(1 for _ in db.stream(long_journal)) == len(LINES) * COMMITS


def test_a_stream_that_falls_silent_times_out(silent_server: Any) -> None:
    server = silent_server(answers={4: LITTLE.pack(48, 7)})
    with connect(server.url, timeout=0.2) as db, pytest.raises(Timeout):
        list(db.stream("/a"))


def test_a_stream_that_breaks_off_is_told(silent_server: Any) -> None:
    server = silent_server(answers={4: LITTLE.pack(48, 7), 7: LITTLE.pack(9) + b"too short"})
    server.breaks_off_reads = True
    with connect(server.url) as db, pytest.raises(ConnectionLost):
        list(db.stream_raw("/a"))
