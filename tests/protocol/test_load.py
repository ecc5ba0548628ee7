"""The whole load, once, on five workers: 6,000 journals of 120 events and 100 of 12,000, written, read, compared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support import frames
from support.frames import COMMIT, MULTIPART, OPEN
from support.journal_files import journal_file, stamped_lines
from support.server import RunningServer
from support.wire import Client, Opened, opened, part_bytes

pytestmark = pytest.mark.slow

CONNECTIONS = 6
WINDOW = 100  # journals in the pipeline of a connection
EVENTS_A_COMMIT = 120
SMALL, LARGE = 6000, 100
LARGE_COMMITS = 100


def events_of(name: bytes, commit: int) -> bytes:
    """The events of a journal's nth commit, each unlike any other."""
    first = commit * EVENTS_A_COMMIT
    return b"\n".join(
        b'load.Happened {"in":"%s","number":%d}' % (name, first + number) for number in range(EVENTS_A_COMMIT)
    )


def windows(names: list[bytes]) -> Iterator[list[bytes]]:
    for at in range(0, len(names), WINDOW):
        yield names[at : at + WINDOW]


def open_all(client: Client, names: list[bytes]) -> list[Opened]:
    client.send(*[frames.open_transaction(name, uid) for uid, name in enumerate(names)])
    replies = client.receive_many(len(names))
    assert {reply.kind for reply in replies} == {OPEN}
    return [opened(names[reply.uid], reply) for reply in replies]


def write(client: Client, names: list[bytes], commit: int) -> None:
    transactions = open_all(client, names)
    client.send(
        *[
            frames.commit(on.name, on.worker, on.transaction, b"load.Happened", events_of(on.name, commit))
            for on in transactions
        ]
    )
    for reply in client.receive_many(len(names)):
        assert (reply.kind, reply.body[:4]) == (COMMIT, b"\1\0\0\0")


def read(client: Client, names: list[bytes]) -> dict[bytes, bytes]:
    transactions = open_all(client, names)
    client.send(*[frames.read(on.name, on.worker, 0, on.size, uid=uid) for uid, on in enumerate(transactions)])
    parts: dict[bytes, list[bytes]] = {name: [] for name in names}
    left = len(names)
    while left:
        reply = client.receive()
        parts[transactions[reply.uid].name].append(part_bytes(reply))
        left -= not reply.properties & MULTIPART
    return {name: b"".join(cut) for name, cut in parts.items()}


def drive(port: int, names: list[bytes], commits: int) -> int:
    """One connection's share, written and read back; how many events were as they should be."""
    right = 0
    with Client(port) as client:
        for window in windows(names):
            for commit in range(commits):
                write(client, window, commit)
        for window in windows(names):
            for name, data in read(client, window).items():
                assert data == b"\n".join(events_of(name, commit) for commit in range(commits)), name
                right += data.count(b"\n") + 1
    return right


@pytest.mark.load
def test_the_whole_load_is_written_and_read_without_an_error(tmp_path: Path) -> None:
    small = [b"/small/%d" % number for number in range(SMALL)]
    large = [b"/large/%d" % number for number in range(LARGE)]
    with RunningServer(tmp_path / "journals", workers=5) as server, ThreadPoolExecutor(CONNECTIONS) as pool:
        shares = [small[number::CONNECTIONS] for number in range(CONNECTIONS)]
        assert sum(pool.map(lambda share: drive(server.port, share, 1), shares)) == SMALL * EVENTS_A_COMMIT
        shares = [large[number::CONNECTIONS] for number in range(CONNECTIONS)]
        written = sum(pool.map(lambda share: drive(server.port, share, LARGE_COMMITS), shares))
        assert written == LARGE * LARGE_COMMITS * EVENTS_A_COMMIT
        assert server.stop() == 0
    for name in small[::100] + large[::10]:
        stamped = stamped_lines(journal_file(server.journals, name))
        assert [stamp for stamp, _ in stamped] == sorted(stamp for stamp, _ in stamped)
        assert len(stamped) == EVENTS_A_COMMIT * (LARGE_COMMITS if name in large else 1)
