"""What `cat` shows: the file of a journal, to the byte, and journals that another server wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.journal_files import OWN_FOLDER, STAMP_BYTES, events_in, journal_file, listing, stamped_lines
from support.server import RunningServer
from support.waiting import until
from support.wire import Client, lines

BROKEN = Path(__file__).parent.parent / "broken"
VECTORS = sorted(path.stem for path in BROKEN.glob("*.log"))
LINE = b"t {}"


def folder_for_old_journals(directory: Path) -> Path:
    (directory / "old").mkdir(parents=True)
    for vector in VECTORS:
        (directory / "old" / f"{vector}.log").write_bytes((BROKEN / f"{vector}.log").read_bytes())
    return directory


def events_of(repaired: bytes) -> list[bytes]:
    return [line[STAMP_BYTES:] for line in lines(repaired.rstrip(b"\0"))]


def torn_files(server: RunningServer, vector: str) -> list[Path]:
    return sorted((server.journals / "old").glob(f"{vector}.log.torn-*"))


def test_the_vectors_are_there() -> None:
    assert len(VECTORS) >= 16
    assert all((BROKEN / f"{vector}.repaired").exists() for vector in VECTORS)


# -- what the server writes


def test_a_file_is_lines_joined_by_newlines_and_one_nul(client: Client, server: RunningServer, name: bytes) -> None:
    file = journal_file(server.journals, name)
    written: list[bytes] = []
    for number in range(10):
        events = [b"t %d.%d" % (number, part) for part in range(number + 1)]
        size = client.append(name, *events)
        written += events
        assert events_in(file) == written
        assert file.stat().st_size == size
        assert file.read_bytes().endswith(b"\n" + stamped_lines(file)[-1][0] + b" " + events[-1] + b"\0") or number == 0


def test_a_first_line_is_timestamp_space_event_nul(client: Client, server: RunningServer, name: bytes) -> None:
    client.append(name, b't.Created {"name":"x"}')
    data = journal_file(server.journals, name).read_bytes()
    assert data[STAMP_BYTES - 1 :] == b' t.Created {"name":"x"}\0'


def test_a_name_is_its_path(client: Client, server: RunningServer) -> None:
    client.append(b"/user/42", LINE)
    client.append(b"/top", LINE)
    assert events_in(server.journals / "user" / "42.log") == [LINE]
    assert events_in(server.journals / "top.log") == [LINE]


def test_a_commit_makes_its_journal_and_nothing_else(client: Client, server: RunningServer) -> None:
    before = listing(server.journals)
    size = client.append(b"/alone/in/here", LINE)
    assert {path: bytes_ for path, bytes_ in listing(server.journals).items() if path not in before} == {
        "alone": -1,
        "alone/in": -1,
        "alone/in/here.log": size,
    }


def test_everything_of_its_own_lies_in_one_folder(client: Client, server: RunningServer) -> None:
    client.append(b"/something", LINE)
    assert {path.name for path in server.journals.iterdir() if path.name.startswith(".")} <= {OWN_FOLDER}


def test_a_journal_is_sound_in_the_file_before_its_commit_is_answered(
    client: Client, server: RunningServer, name: bytes
) -> None:
    file = journal_file(server.journals, name)
    for number in range(100):
        client.append(name, b"t %d" % number)
        assert events_in(file)[-1] == b"t %d" % number


# -- what another server left


@pytest.fixture(scope="module", params=[1, 5], ids=["one worker", "five workers"])
def inherited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A directory that only ever knew the original, crashed: no folder of the server's own in it."""
    directory = folder_for_old_journals(tmp_path_factory.mktemp("inherited") / "journals")
    with RunningServer(directory, workers=request.param) as running:
        yield running


@pytest.mark.parametrize("vector", VECTORS)
def test_an_old_journal_is_repaired_before_use_read_and_appended_to(inherited: RunningServer, vector: str) -> None:
    broken, repaired = ((BROKEN / f"{vector}.{kind}").read_bytes() for kind in ("log", "repaired"))
    file = inherited.journals / "old" / f"{vector}.log"
    name = f"/old/{vector}".encode()
    with Client(inherited.port) as client:
        on = client.open(name)
        assert on.size == len(repaired)
        assert file.read_bytes() == repaired
        assert lines(client.read(on)) == events_of(repaired)
        cut_off = broken[len(repaired) :]
        assert [path.read_bytes() for path in torn_files(inherited, vector)] == ([cut_off] if cut_off else [])
        answer = client.commit(on, LINE)
        assert answer == (True, max(0, len(repaired)) + STAMP_BYTES + len(LINE) + 1)
        assert events_in(file) == [*events_of(repaired), LINE]
        assert client.events(name) == [*events_of(repaired), LINE]


def test_what_was_cut_off_is_not_a_journal(inherited: RunningServer) -> None:
    with Client(inherited.port) as client:
        for vector in VECTORS:
            client.open(f"/old/{vector}".encode())
        more, names = client.list(prefix=b"/old/")
        assert not more
        assert set(names) <= {f"/old/{vector}".encode() for vector in VECTORS}


def test_an_old_journal_that_is_asked_for_only_by_reading_is_served_repaired(tmp_path: Path) -> None:
    directory = folder_for_old_journals(tmp_path / "journals")
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        for vector in VECTORS:
            repaired = (BROKEN / f"{vector}.repaired").read_bytes()
            reply = client.ask(frames.read(f"/old/{vector}".encode(), 1, 0, 0xFFFFFFFF))
            assert lines(reply.body[4:]) == events_of(repaired), vector


def test_old_journals_stay_repaired_over_a_restart(tmp_path: Path) -> None:
    directory = folder_for_old_journals(tmp_path / "journals")
    for _ in range(2):
        with RunningServer(directory, workers=2) as server, Client(server.port) as client:
            for vector in VECTORS:
                repaired = (BROKEN / f"{vector}.repaired").read_bytes()
                assert client.open(f"/old/{vector}".encode()).size == len(repaired), vector
                assert (directory / "old" / f"{vector}.log").read_bytes() == repaired
                assert len(torn_files(server, vector)) <= 1, "repair is done once"


def test_a_journal_put_there_while_the_server_runs_is_served(client: Client, server: RunningServer) -> None:
    file = server.journals / "copied" / "in.log"
    file.parent.mkdir()
    file.write_bytes((BROKEN / "sound-two.log").read_bytes())
    assert client.exists(b"/copied/in")
    assert client.events(b"/copied/in") == events_of((BROKEN / "sound-two.log").read_bytes())
    client.append(b"/copied/in", LINE)
    assert events_in(file)[-1] == LINE


def test_a_journal_broken_by_hand_is_read_but_not_appended_to(tmp_path: Path) -> None:
    """No crash explains it: it was sound when the server left it. So it is not repaired, and nothing of it is lost."""
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        client.append(b"/edited", b"t 1", b"t 2")
        client.append(b"/well", b"t 1")
    file = directory / "edited.log"
    by_hand = file.read_bytes()[:-1] + b"\n"  # as an editor leaves it: the end marker is gone
    file.write_bytes(by_hand)
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        on = client.open(b"/edited")
        assert lines(client.read(on, size=0xFFFFFFFF))[:2] == [b"t 1", b"t 2"]
        assert client.ask(frames.commit(on.name, on.worker, on.transaction, b"", LINE)).code == 15
        assert file.read_bytes() == by_hand
        assert not list(directory.glob("edited.log.torn-*"))
        assert client.append(b"/well", LINE) == (directory / "well.log").stat().st_size, "others are served"
        until(lambda: "/edited" in server.log(), "it is logged")
