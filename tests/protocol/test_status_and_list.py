"""This server's own requests: what it says of itself, and which journals there are."""

from __future__ import annotations

import itertools
from pathlib import Path

import orjson
import pytest
from support import frames
from support.journal_files import listing
from support.server import RunningServer
from support.wire import Client, lines, opened

LINE = b"t {}"
TREE = [
    b"/sorted",
    b"/sorted!",
    b"/sorted-b",
    b"/sorted.b",
    b"/sorted/b",
    b"/sorted/b/c",
    b"/sorted/b-c",
    b"/sorted/\xc3\xa5",
    b"/sorted/.hidden",
    b"/sorted0",
    b"/sortedb",
    b"/sorteD",
]


@pytest.fixture
def tree(client: Client) -> list[bytes]:
    for name in TREE:
        if not client.exists(name):
            client.append(name, LINE)
    return sorted(TREE)


def listed(client: Client, prefix: bytes, most: int) -> list[bytes]:
    """The whole list, asked for in pages."""
    names: list[bytes] = []
    for _ in range(100_000):
        more, page = client.list(prefix, names[-1] if names else b"", most)
        assert len(page) <= most
        names += page
        if not more:
            return names
        assert page, "more is promised, so the page is not empty"
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("most", [1, 2, 3, 5, 1000, 0xFFFFFFFF])
def test_names_come_in_byte_order_in_pages_of_any_length(client: Client, tree: list[bytes], most: int) -> None:
    """Not in the order of folders: `-` and `.` sort before the slash."""
    assert listed(client, b"/sorte", most) == tree


@pytest.mark.parametrize(
    "prefix", [b"/sorted/", b"/sorted/b", b"/sorted", b"/sorted-", b"/sorted/\xc3", b"/sorted/b/c", b"/so"]
)
def test_a_prefix_is_any_beginning_of_a_name(client: Client, tree: list[bytes], prefix: bytes) -> None:
    assert client.list(prefix) == (False, [name for name in tree if name.startswith(prefix)])


@pytest.mark.parametrize(
    "prefix", [b"sorted", b"/sorted/x", b"/../", b"/sorted/../", b"//", b"/.everstore", b"/sorted.log", b"\xff"]
)
def test_a_prefix_of_no_journal_lists_none(client: Client, tree: list[bytes], prefix: bytes) -> None:
    assert tree
    assert client.list(prefix) == (False, [])


def test_a_list_continues_behind_any_name_there_or_not(client: Client, tree: list[bytes]) -> None:
    for after in [*tree, b"", b"/", b"/sorted/a", b"/sorted/zzz", b"/t", b"\xff", b"/sorted-"]:
        due = [name for name in tree if name > after]
        assert client.list(b"/sorte", after) == (False, due), after
        if due:
            assert client.list(b"/sorte", after, 1) == (len(due) > 1, due[:1])


def test_an_empty_prefix_lists_all(client: Client, tree: list[bytes]) -> None:
    assert set(tree) <= set(listed(client, b"", 7))


def test_a_list_is_cut_to_what_fits_a_reply(client: Client) -> None:
    """400 names of about 400 bytes are 160 kB: three replies at least."""
    names = [b"/fit/" + b"%03d" % number + b"x" * 190 + b"/" + b"y" * 190 for number in range(400)]
    transactions = [client.open(name) for name in names]
    client.send(*[frames.commit(on.name, on.worker, on.transaction, b"", LINE) for on in transactions])
    assert {reply.kind for reply in client.receive_many(400)} == {frames.COMMIT}
    after, more, pages = b"", 1, []
    while more:
        reply = client.ask(frames.list_journals(b"/fit/", after, 10_000))
        more, count = frames.TWO.unpack_from(reply.body)
        assert count == len(reply.body) - 8 <= 65_536
        pages.append(lines(reply.body[8:]))
        after = pages[-1][-1]
    assert list(itertools.chain(*pages)) == names
    assert 3 <= len(pages) <= 10


def test_a_transaction_alone_makes_no_name(client: Client, name: bytes) -> None:
    client.open(name)
    assert client.list(name) == (False, [])
    client.append(name, LINE)
    assert client.list(name) == (False, [name])


def test_files_that_are_no_journals_are_not_listed(tmp_path: Path) -> None:
    directory = tmp_path / "journals"
    (directory / "in").mkdir(parents=True)
    (directory / "in.log").mkdir()
    stamped = b"2015-08-02T16:23:02.580 t {}\0"
    for file in ("a.log", "in/b.log"):
        (directory / file).write_bytes(stamped)
    for file in ("a.txt", "a.log.torn-2015-08-02", "in/.b.log.swp", "log", "in.log/c.log", "bad\x1b.log", "bad\n.log"):
        (directory / file).write_bytes(stamped)
    with RunningServer(directory, workers=2) as server, Client(server.port) as client:
        assert client.list() == (False, [b"/a", b"/in/b"])


LINKS = {"a file": "file.log", "nothing": "nothing.log", "a folder": "folder", "no folder": "nowhere"}


def linked(tmp_path: Path, link: str) -> tuple[Path, Path]:
    """A journal directory with a journal of its own and one link that leads outside, to what is there or not."""
    directory, outside = tmp_path / "journals", tmp_path / "outside"
    (outside / "folder").mkdir(parents=True)
    directory.mkdir()
    for file in (directory / "own.log", outside / "file.log", outside / "folder" / "in.log"):
        file.write_bytes(b"2015-08-02T16:23:02.580 t {}\0")
    (directory / LINKS[link]).symlink_to(outside / LINKS[link])
    return directory, outside


@pytest.mark.parametrize("link", LINKS)
def test_a_link_leads_no_name_outside(tmp_path: Path, link: str) -> None:
    directory, outside = linked(tmp_path, link)
    before = listing(outside)
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        for name in (b"/file", b"/nothing", b"/folder/in", b"/folder/new", b"/nowhere/new"):
            reply = client.ask(frames.open_transaction(name))
            if reply.kind == frames.OPEN:
                on = opened(name, reply)
                client.ask(frames.commit(name, on.worker, on.transaction, b"", LINE))
        assert client.append(b"/own", LINE) > 0
    assert listing(outside) == before


@pytest.mark.parametrize("link", LINKS)
def test_every_name_that_is_listed_can_be_opened(tmp_path: Path, link: str) -> None:
    directory, _ = linked(tmp_path, link)
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        names = client.list()[1]
        assert b"/own" in names
        assert {name: client.ask(frames.open_transaction(name)).kind for name in names} == dict.fromkeys(
            names, frames.OPEN
        )


def test_every_process_says_how_it_is(client: Client, server: RunningServer) -> None:
    workers = server.options["workers"]
    assert isinstance(workers, int)
    for worker in range(workers + 1):
        body = client.ask(frames.status(worker)).body
        assert orjson.loads(body[4:]), worker
