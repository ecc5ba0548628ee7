"""Every feature of the blocking client, against a real server."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from support.server import RunningServer

from everstore_client import (
    CannotRead,
    Client,
    Commit,
    Conflict,
    ConnectionLost,
    Event,
    InvalidJournalName,
    NoSuchWorker,
    NotAcceptable,
    Registry,
    Transaction,
    TransactionEnded,
    UnknownEventType,
    connect,
)

registry: Registry = Registry()


@registry.base("user.Event")
class UserEvent:
    pass


@registry.event("user.Created")
@dataclass
class Created(UserEvent):
    email: str


@registry.event("user.Renamed")
@dataclass
class Renamed(UserEvent):
    name: str


@pytest.fixture
def db(url: str) -> Iterator[Client[Event]]:
    with connect(url) as client:
        yield client


@pytest.fixture
def users(url: str) -> Iterator[Client[object]]:
    with connect(url, registry=registry) as client:
        yield client


def test_read_append_commit(db: Client[Event], journal: str) -> None:
    with db.transaction(journal) as tx:
        assert tx.read() == []
        assert not tx.exists
        tx.append(Event("user.Created", {"email": "pä@example.com"}))
        tx.append(type="user.Renamed", data={"name": "x"})
        result = tx.commit()
    assert result == Commit(journal, result.size, 2)
    assert db.read(journal) == [
        Event("user.Created", {"email": "pä@example.com"}),
        Event("user.Renamed", {"name": "x"}),
    ]


def test_a_clean_end_commits(db: Client[Event], journal: str) -> None:
    with db.transaction(journal) as tx:
        tx.append(type="a", data=1)
    assert not tx.is_open
    assert db.read(journal) == [Event("a", 1)]


def test_an_exception_rolls_back(db: Client[Event], journal: str) -> None:
    with pytest.raises(ZeroDivisionError), db.transaction(journal) as tx:
        tx.append(type="a", data=1)
        _ = 1 / 0
    assert not db.exists(journal)


def test_an_explicit_rollback_writes_nothing(db: Client[Event], journal: str) -> None:
    with db.transaction(journal) as tx:
        tx.append(type="a", data=1)
        tx.rollback()
        with pytest.raises(TransactionEnded):
            tx.commit()
    assert not db.exists(journal)


def test_a_transaction_sees_the_journal_as_it_was(db: Client[Event], journal: str) -> None:
    db.append(journal, type="a", data=1)
    with db.transaction(journal) as tx:
        db.append(journal, type="b", data=2)
        assert tx.read() == [Event("a", 1)]
        assert list(tx.stream()) == [Event("a", 1)]
        assert tx.read_raw() == b"a 1"
    assert db.read(journal) == [Event("a", 1), Event("b", 2)]


def test_a_conflict_says_which_journal_and_types(db: Client[Event], journal: str) -> None:
    with pytest.raises(Conflict) as conflict, db.transaction(journal) as tx:
        db.append(journal, type="a", data=1)
        tx.append(type="a", data=2)
        tx.append(type="b", data=3)
        tx.commit()
    assert (conflict.value.journal, conflict.value.types) == (journal, ("a", "b"))
    assert db.read(journal) == [Event("a", 1)]


def test_types_that_differ_do_not_conflict(db: Client[Event], journal: str) -> None:
    with db.transaction(journal) as tx:
        db.append(journal, type="a", data=1)
        tx.append(type="b", data=2)
    assert db.read(journal) == [Event("a", 1), Event("b", 2)]


def test_declared_types_conflict_too(db: Client[Event], journal: str) -> None:
    with pytest.raises(Conflict), db.transaction(journal) as tx:
        db.append(journal, type="a", data=1)
        tx.append(type="b", data=2)
        tx.declare("a")
    with db.transaction(journal) as tx:
        db.append(journal, type="a", data=1)
        tx.append(type="a", data=2)
        tx.commit(types=["other"])
    assert len(db.read(journal)) == 3


def test_base_classes_make_a_family_conflict(users: Client[object], journal: str) -> None:
    with pytest.raises(Conflict) as conflict, users.transaction(journal) as tx:
        users.append(journal, Created("a"))
        tx.append(Renamed("b"))
    assert conflict.value.types == ("user.Renamed", "user.Event")


def test_the_creator_of_a_journal_can_insist_on_it(db: Client[Event], journal: str) -> None:
    with pytest.raises(Conflict) as conflict, db.transaction(journal, must_be_new=True) as tx:
        db.append(journal, type="a", data=1)
        tx.append(type="b", data=2)
    assert "ES_NewJournal" in conflict.value.types
    with pytest.raises(Conflict):
        db.append(journal, type="c", data=3, must_be_new=True)
    assert db.read(journal) == [Event("a", 1)]
    db.append(f"{journal}/new", type="c", data=3, must_be_new=True)


def test_objects_through_the_registry(users: Client[object], journal: str) -> None:
    users.append(journal, Created("a"), Renamed("b"))
    assert users.read(journal) == [Created("a"), Renamed("b")]
    assert list(users.stream(journal)) == [Created("a"), Renamed("b")]
    with pytest.raises(UnknownEventType):
        users.append(journal, object())


def test_a_type_that_the_registry_does_not_know_is_told(db: Client[Event], users: Client[object], journal: str) -> None:
    db.append(journal, type="user.Gone", data={})
    with pytest.raises(UnknownEventType, match=r"user\.Gone"):
        users.read(journal)


def test_timestamps_come_as_aware_utc(users: Client[object], journal: str) -> None:
    before = datetime.datetime.now(datetime.UTC)
    users.append(journal, Created("a"), Renamed("b"))
    first, second = users.read(journal, timestamps=True)
    assert first.timestamp == second.timestamp
    assert first.timestamp is not None
    assert abs(first.timestamp - before) < datetime.timedelta(minutes=1)
    assert registry.decode(first) == Created("a")
    assert list(users.stream(journal, timestamps=True)) == [first, second]
    with users.transaction(journal) as tx:
        assert tx.read(timestamps=True) == [first, second]


def test_since_reads_only_what_is_newer(db: Client[Event], journal: str) -> None:
    first = db.append(journal, type="a", data=1)
    second = db.append(journal, type="b", data=2)
    assert db.read(journal, since=first.size) == [Event("b", 2)]
    assert db.read(journal, since=second.size) == []
    assert list(db.stream(journal, since=first.size)) == [Event("b", 2)]
    assert list(db.stream(journal, since=second.size)) == []
    with db.transaction(journal) as tx:
        assert tx.size == second.size
        assert tx.read(since=first.size) == [Event("b", 2)]


def test_since_that_is_no_former_size_is_refused(db: Client[Event], journal: str) -> None:
    size = db.append(journal, type="a", data=1).size
    for since in (3, size + 1):
        with pytest.raises(CannotRead):
            db.read(journal, since=since)


def test_raw_lines_both_ways(db: Client[Event], journal: str) -> None:
    db.append_raw(journal, 'a {"x": 1}', "b 2")
    with db.transaction(journal) as tx:
        tx.append_raw("c 3")
    assert db.read_raw(journal) == b'a {"x": 1}\nb 2\nc 3'
    assert list(db.stream_raw(journal)) == [b'a {"x": 1}', b"b 2", b"c 3"]
    stamped = db.read_raw(journal, timestamps=True).split(b"\n")
    assert [line[24:] for line in stamped] == [b'a {"x": 1}', b"b 2", b"c 3"]
    assert list(db.stream_raw(journal, timestamps=True)) == stamped


def test_a_journal_that_does_not_exist_is_empty(db: Client[Event], journal: str) -> None:
    assert not db.exists(journal)
    assert db.read(journal) == []
    assert list(db.stream(journal)) == []


def test_nothing_appended_makes_no_journal(db: Client[Event], journal: str) -> None:
    assert db.append(journal) == Commit(journal, 0, 0)
    assert not db.exists(journal)


def test_mistakes_are_seen_before_anything_is_sent(db: Client[Event], journal: str) -> None:
    for name in ("user", "/a//b", "/../x"):
        with pytest.raises(InvalidJournalName):
            db.read(name)
        with pytest.raises(InvalidJournalName):
            db.append(name, type="a", data=1)
        with pytest.raises(InvalidJournalName), db.transaction(name):
            pass
    with pytest.raises(NotAcceptable):
        db.append(journal, type="a b", data=1)


def test_text_without_a_utf8_form_rolls_back(db: Client[Event], journal: str) -> None:
    with pytest.raises(NotAcceptable), db.transaction(journal) as tx:
        tx.append(type="a", data="\ud800")
    assert not tx.is_open


def test_journals_are_listed_page_by_page(db: Client[Event], journal: str) -> None:
    names = sorted(f"{journal}/{'x' * 100}{number}" for number in range(1500))
    with db.pipeline() as pipeline:
        for name in names:
            pipeline.append_raw(name, "a 1")
    assert list(db.journals(f"{journal}/")) == names
    assert list(db.journals(f"{journal}/", after=names[7])) == names[8:]
    assert list(db.journals("/no such")) == []


def test_status(db: Client[Event]) -> None:
    assert db.status()["workers"]
    assert db.worker_status(1)["worker"] == 1
    with pytest.raises(NoSuchWorker):
        db.worker_status(77)


def test_run_again_on_a_conflict(db: Client[Event], journal: str) -> None:
    attempts = []

    def once(tx: object) -> int:
        attempts.append(tx)
        if len(attempts) < 3:
            db.append(journal, type="a", data=len(attempts))
        tx.append(type="a", data="mine")  # type: ignore[attr-defined]
        return len(attempts)

    assert db.run(journal, once) == 3
    assert [event.data for event in db.read(journal)] == [1, 2, "mine"]


def test_run_gives_up_after_its_attempts(db: Client[Event], journal: str) -> None:
    attempts = []

    def never(tx: object) -> None:
        attempts.append(tx)
        db.append(journal, type="a", data=1)
        tx.append(type="a", data=2)  # type: ignore[attr-defined]

    with pytest.raises(Conflict):
        db.run(journal, never, attempts=4)
    assert len(attempts) == 4


def test_run_does_not_repeat_other_exceptions(db: Client[Event], journal: str) -> None:
    attempts = []

    def broken(tx: object) -> None:
        attempts.append(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        db.run(journal, broken)
    assert len(attempts) == 1


def test_no_transaction_is_left_behind_on_the_server(old_server: RunningServer, journal: str) -> None:
    """Each way out of one is looked at by another client, so that nothing of the first is sent after all."""
    url = f"everstore://127.0.0.1:{old_server.port}"
    with connect(url) as db, connect(url) as watching:

        def are_open() -> int:
            return sum(int(watching.worker_status(worker)["transactions"]) for worker in (1, 2))

        def leave(ending: Callable[[Transaction[Event]], object]) -> None:
            with suppress(ZeroDivisionError, Conflict), db.transaction(journal, must_be_new=True) as tx:
                assert are_open() == 1
                ending(tx)

        endings: list[Callable[[Transaction[Event]], object]] = [
            lambda tx: tx.append(type="a", data=1),
            lambda tx: tx.append(type="a", data=2),
            lambda tx: tx.rollback(),
            lambda tx: tx.read(),
            lambda tx: tx.size / 0,
        ]
        for ending in endings:
            leave(ending)
            eventually_zero(are_open)
        db.read(journal)
        eventually_zero(are_open)


def eventually_zero(count: Callable[[], int]) -> None:
    """Two connections are not in step with each other: the other's last word may still be on its way."""
    deadline = time.monotonic() + 10
    while count():
        assert time.monotonic() < deadline, "a transaction stayed open"


def test_a_closed_client_is_told(url: str) -> None:
    db = connect(url)
    db.close()
    db.close()
    with pytest.raises(ConnectionLost, match="closed"):
        db.exists("/a")
    with pytest.raises(ConnectionLost, match="closed"):
        list(db.stream("/a"))
