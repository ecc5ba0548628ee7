"""Native appends, decided and remembered: conditions, conflicts told with events, exactly once across restarts."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.embedded import Embedded, committed, committing
from support.fakes.disk import FailingDisk
from support.native import Appending, append

from everstore import limits
from everstore.errors import Code
from everstore.storage.remembered import path_of
from everstore.wire.native import ALL, Condition

STAMP = b"2026-11-21T12:00:00.000 "


@pytest.fixture
def store(tmp_path: Path) -> Embedded:
    return Embedded(tmp_path)


@pytest.fixture
def client(store: Embedded) -> Appending:
    return Appending(store)


def lines(*events: bytes) -> bytes:
    return b"\n".join(STAMP + each for each in events)


def test_an_append_answers_with_the_journals_size(store: Embedded, client: Appending) -> None:
    assert client.append(b"/a", b"t 1").position == 28
    assert client.append(b"/a", b"t 2\nt 3").position == 28 + 56
    assert store.text(b"/a") == b"t 1\nt 2\nt 3"


def test_many_appends_of_one_request_have_their_own_outcomes(store: Embedded, client: Appending) -> None:
    found = client.send(
        append(b"/a", b"t 1", 1),
        append(b"/../b", b"t 1", 2),
        append(b"/a", b"t 2", 3, Condition.NEW),
        append(b"/c", b"", 4),
        append(b"/c", b"t 3\n\n", 5),
        append(b"/c", b"t 3", 6, 9),
        append(b"/c", b"t 3", 7, Condition.UNCHANGED, 1),
        append(b"/c", b"t 3", 8, Condition.NEW),
    )
    assert [each.code for each in found] == [
        0,
        Code.NAME_INVALID,
        Code.CONFLICT,
        Code.EVENTS_INVALID,
        Code.EVENTS_INVALID,
        Code.APPEND_INVALID,
        Code.APPEND_INVALID,
        0,
    ]
    assert store.text(b"/a") == b"t 1"
    assert store.text(b"/c") == b"t 3"


def test_what_was_declared_since_the_position_conflicts_and_nothing_else(client: Appending) -> None:
    seen = client.append(b"/a", b"t 1", declares=b"A\nB").position
    client.append(b"/a", b"t 2", declares=b"C")
    for depends, code in ((b"A", 0), (b"B\nC", Code.CONFLICT), (b"", 0), (b"C", Code.CONFLICT)):
        found = client.append(b"/a", b"t 3", condition=Condition.UNCHANGED, position=seen, depends=depends)
        assert found.code == code, depends
    assert client.append(b"/a", b"t 4", condition=Condition.UNCHANGED, position=seen, depends=b"A").code == 0


def test_writers_that_read_the_same_and_write_different_types_do_not_conflict(client: Appending) -> None:
    seen = client.append(b"/a", b"t 1", declares=b"A").position
    for declares in (b"B", b"C"):
        how = {"condition": Condition.UNCHANGED, "position": seen, "declares": declares, "depends": b"A"}
        assert client.append(b"/a", b"t 2", **how).code == 0


def test_a_conflict_is_told_with_all_that_came_since(client: Appending) -> None:
    seen = client.append(b"/a", b"t 1", declares=b"A").position
    size = client.append(b"/a", b"t 2\nt 3", declares=b"A").position
    found = client.append(b"/a", b"t 4", condition=Condition.UNCHANGED, position=seen, depends=b"A")
    assert (found.code, found.position, found.until) == (Code.CONFLICT, size, size)
    assert found.text == lines(b"t 2", b"t 3")
    new = client.append(b"/a", b"t 4", condition=Condition.NEW)
    assert (new.code, new.until, new.text) == (Code.CONFLICT, size, lines(b"t 1", b"t 2", b"t 3"))


def test_conflicts_tell_no_more_than_goes_into_a_reply(client: Appending) -> None:
    event = b"t " + b"x" * 1000
    for _ in range(100):
        client.append(b"/a", event, declares=b"A")
    one, other = client.send(append(b"/a", b"t 1", 200, Condition.NEW), append(b"/a", b"t 1", 201, Condition.NEW))
    assert 60_000 < len(one.text) < 65_536
    assert one.until == len(one.text) + 1
    assert one.text.endswith(event)
    assert (other.code, other.until, other.text) == (Code.CONFLICT, 0, b"")


def test_commits_and_appends_see_each_others_types(store: Embedded, client: Appending) -> None:
    seen = client.append(b"/a", b"t 1", declares=b"A").position
    open_ = store.open(b"/a")
    client.append(b"/a", b"t 2", declares=b"B")
    assert not committed(store.commit(open_, b"B", b"t 3"))[0]
    assert committed(store.commit(store.open(b"/a"), b"C", b"t 4"))[0]
    for depends, code in ((b"A", 0), (b"B", Code.CONFLICT), (b"C", Code.CONFLICT)):
        found = client.append(b"/a", b"t 5", condition=Condition.UNCHANGED, position=seen, depends=depends)
        assert found.code == code


def test_what_was_committed_before_anybody_appended_is_unknown_and_so_conflicts(
    store: Embedded, client: Appending
) -> None:
    store.append(b"/a", b"t 1")
    store.append(b"/a", b"t 2")
    how = {"condition": Condition.UNCHANGED, "depends": b"nobody's"}
    assert client.append(b"/a", b"t 3", position=28, **how).code == Code.CONFLICT
    assert client.append(b"/a", b"t 3", position=56, **how).code == 0


def test_the_types_of_a_journal_in_use_are_forgotten_with_it(store: Embedded, client: Appending) -> None:
    seen = client.append(b"/a", b"t 1", declares=b"A").position
    client.append(b"/a", b"t 2", declares=b"B")
    store.clock.seconds += limits.IDLE_JOURNAL_S + 1
    store.store.look_after()
    how = {"condition": Condition.UNCHANGED, "depends": b"A"}
    assert client.append(b"/a", b"t 3", position=seen, **how).code == Code.CONFLICT


def test_too_many_types_are_forgotten_and_then_conflict(client: Appending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TYPES_PER_JOURNAL_MAX", 3)
    seen = client.append(b"/a", b"t 1", declares=b"A").position
    client.append(b"/a", b"t 2", declares=b"B\nC\nD\nE")
    how = {"condition": Condition.UNCHANGED, "depends": b"A"}
    assert client.append(b"/a", b"t 3", position=seen, **how).code == Code.CONFLICT


def test_the_types_of_all_journals_are_bounded(client: Appending, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TYPE_BYTES_MAX", 1000)
    seen = {}
    for name in (b"/a", b"/b", b"/c"):
        seen[name] = client.append(name, b"t 1", declares=b"A").position
        client.append(name, b"t 2", declares=b"B\n" + b"C" * 200)
    how = {"condition": Condition.UNCHANGED, "depends": b"A"}
    codes = [client.append(name, b"t 3", position=at, **how).code for name, at in seen.items()]
    assert Code.CONFLICT in codes


# ---- exactly once ---------------------------------------------------------------------------------------------------


def test_an_append_that_comes_again_is_answered_as_the_first_time(store: Embedded, client: Appending) -> None:
    first = client.send(append(b"/a", b"t 1", 5))
    client.append(b"/a", b"t 2")
    assert client.send(append(b"/a", b"t 1", 5)) == first
    assert client.send(append(b"/b", b"other", 5)) == first
    assert store.text(b"/a") == b"t 1\nt 2"


def test_it_may_come_again_within_the_same_batch(store: Embedded, client: Appending) -> None:
    request = client.request(append(b"/a", b"t 1", 5))
    one, other = store.ask(request, request)
    assert one.body == other.body
    assert store.text(b"/a") == b"t 1"


def test_what_was_done_is_known_though_its_journal_cannot_be_opened_now(
    tmp_path: Path, store: Embedded, client: Appending
) -> None:
    first = client.send(append(b"/a", b"t 1", 1))
    store.clock.seconds += limits.IDLE_JOURNAL_S + 1
    store.store.look_after()
    (tmp_path / "a.log").rename(tmp_path / "elsewhere")
    (tmp_path / "a.log").mkdir()
    assert client.send(append(b"/a", b"t 2", 2))[0].code == Code.NAME_INVALID
    assert client.send(append(b"/a", b"t 1", 1)) == first


def test_what_a_client_knows_is_forgotten_and_not_done_again(store: Embedded, client: Appending) -> None:
    client.append(b"/a", b"t 1")
    client.answered = 2
    assert client.send(append(b"/a", b"t 1", 1))[0].code == Code.APPEND_INVALID
    assert store.text(b"/a") == b"t 1"


def test_clients_do_not_share_their_sequences(store: Embedded, client: Appending) -> None:
    client.append(b"/a", b"t 1")
    assert Appending(store, b"d" * 16).append(b"/a", b"t 2").position == 56


@pytest.mark.parametrize("durable", [True, False])
@pytest.mark.parametrize("end", ["killed", "in order", "killed behind a checkpoint"])
def test_a_successor_answers_as_its_predecessor_would_have(tmp_path: Path, durable: bool, end: str) -> None:
    before = Embedded(tmp_path, durable=durable)
    client = Appending(before)
    first = client.send(append(b"/a", b"t 1", 1, declares=b"A"), append(b"/b", b"t 1", 2, declares=b"A"))
    seen = client.send(append(b"/a", b"t 2", 3, declares=b"B"))[0].position
    if end == "in order":
        before.store.close()
    elif end == "killed behind a checkpoint":
        before.store._group.checkpoint()  # noqa: SLF001
        client.send(append(b"/a", b"t 3", 4, declares=b"C"))
    client.store = Embedded(tmp_path, durable=durable, run=2)
    assert client.send(append(b"/a", b"t 1", 1), append(b"/b", b"t 1", 2)) == first
    how = {"condition": Condition.UNCHANGED, "position": first[0].position}
    assert client.send(append(b"/a", b"t 9", 10, depends=b"A", **how))[0].code == 0
    assert client.send(append(b"/a", b"t 9", 11, depends=b"B", **how))[0].code == Code.CONFLICT
    how["position"] = seen
    at_c = client.send(append(b"/a", b"t 9", 12, depends=b"C", **how))[0].code
    assert at_c == (Code.CONFLICT if end == "killed behind a checkpoint" else 0)
    assert client.store.text(b"/b") == b"t 1"


def test_a_commit_before_the_first_append_of_a_batch_is_unknown_to_a_successor(tmp_path: Path) -> None:
    before = Embedded(tmp_path)
    client = Appending(before)
    before.append(b"/a", b"t 0")
    seen = before.open(b"/a")
    before.ask(committing(seen, b"A", b"t 1"), client.request(append(b"/a", b"t 2", 1, declares=b"B")))
    client.store = Embedded(tmp_path, run=2)
    how = {"condition": Condition.UNCHANGED, "position": seen.size, "depends": b"A"}
    assert client.send(append(b"/a", b"t 9", 2, **how))[0].code == Code.CONFLICT


def test_what_is_remembered_lives_on_over_many_restarts(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    first = Appending(store).send(append(b"/a", b"t 1", 1))
    for run in range(2, 5):
        store = Embedded(tmp_path, run=run)
        assert Appending(store).send(append(b"/a", b"t 1", 1)) == first
    assert store.text(b"/a") == b"t 1"


def test_it_is_not_done_again_when_a_server_knows_too_little(tmp_path: Path) -> None:
    Embedded(tmp_path)
    log = tmp_path / ".everstore/worker-1.commits"
    log.write_bytes(b"rubbish" + log.read_bytes())
    store = Embedded(tmp_path, run=2)
    old, new = Appending(store), Appending(store, run=2)
    assert old.send(append(b"/a", b"t 1", 1))[0].code == Code.UNKNOWN
    assert new.send(append(b"/a", b"t 1", 2))[0].code == 0
    store = old.store = Embedded(tmp_path, run=3)
    assert old.send(append(b"/a", b"t 1", 1))[0].code == Code.UNKNOWN, "a crash does not make it know more"
    store.clock.seconds += limits.OUTCOMES_S
    assert old.send(append(b"/a", b"t 1", 3))[0].code == 0, "nobody sends anything again for so long"


def test_a_spoilt_file_is_no_knowledge(tmp_path: Path) -> None:
    before = Embedded(tmp_path)
    Appending(before).append(b"/a", b"t 1")
    before.store.close()
    path = tmp_path / path_of(1)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert Appending(Embedded(tmp_path, run=2)).send(append(b"/a", b"t 1", 1))[0].code == Code.UNKNOWN


def test_a_client_that_is_silent_for_long_is_forgotten(store: Embedded, client: Appending) -> None:
    client.append(b"/a", b"t 1")
    store.clock.seconds += limits.OUTCOMES_S + 1
    Appending(store, b"d" * 16).append(b"/a", b"t 2")
    assert client.send(append(b"/a", b"t 1", 1))[0].position == 84


def test_no_more_is_remembered_than_allowed(
    store: Embedded, client: Appending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTCOMES_PER_CLIENT_MAX", 2)
    monkeypatch.setattr(limits, "OUTCOME_CLIENTS_MAX", 1)
    assert [client.append(b"/a", b"t 1").code for _ in range(3)] == [0, 0, Code.CANNOT_WRITE]
    client.answered = 2
    assert client.append(b"/a", b"t 1").code == 0
    other = Appending(store, b"d" * 16)
    assert store.ask(other.request(append(b"/a", b"t 1", 1)))[0].code == Code.CANNOT_WRITE


def test_a_disk_without_room_lets_an_append_come_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Embedded(tmp_path)
    client = Appending(store)
    client.append(b"/a", b"t 1")
    with monkeypatch.context() as full:
        full.setattr(store.store._group._room, "is_there_for", lambda _: False)  # noqa: SLF001
        assert client.send(append(b"/a", b"t 2", 2))[0].code == Code.CANNOT_WRITE
    assert client.send(append(b"/a", b"t 2", 2))[0].code == 0
    assert store.text(b"/a") == b"t 1\nt 2"


def test_what_was_done_before_is_not_taken_back_with_a_batch_without_room(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path), full=True)
    store = Embedded(tmp_path, disk)
    client = Appending(store)
    first = client.send(append(b"/a", b"t 1", 1))
    disk.fail_at = len(disk.calls) + 1  # the journal's bytes, behind the log's record
    new, again = client.send(append(b"/a", b"t 2", 2), append(b"/a", b"t 1", 1))
    assert (again, new.code) == (first[0], Code.CANNOT_WRITE)
    assert store.text(b"/a") == b"t 1"


def test_a_request_whose_lengths_do_not_add_up_is_refused_whole(store: Embedded, client: Appending) -> None:
    kind, body = client.request(append(b"/a", b"t 1", 1))
    for spoilt in (body[:-1], body + b"x", body[:20], body[:32] + b"\2" + body[33:], body[:32] + bytes(4)):
        assert store.ask((kind, spoilt))[0].code == Code.UNKNOWN
    assert not (store.directory / "a.log").exists()


def test_positions_have_64_bits(client: Appending) -> None:
    assert client.append(b"/a", b"t", condition=Condition.UNCHANGED, position=ALL).code == Code.APPEND_INVALID


def test_journals_past_4_gib_take_appends_and_refuse_what_has_32_bits(tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    with path.open("wb") as file:
        file.truncate(2**32)
        file.seek(2**32)
        file.write(b"\n" + lines(b"t 1") + b"\0")
    store = Embedded(tmp_path)
    client = Appending(store)
    found = client.append(b"/big", b"t 2")
    assert found.position == 2**32 + 1 + 28 + 28
    assert store.ask((4, b"\4\0\0\0/big"))[0].code == Code.JOURNAL_TOO_LARGE
