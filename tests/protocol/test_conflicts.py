"""A commit conflicts if and only if a type that it declares was declared by a commit to its journal since it opened."""

from __future__ import annotations

import itertools

import pytest
from support import frames
from support.frames import COMMIT
from support.journal_files import journal_file
from support.server import RunningServer
from support.wire import Client, committed

CREATOR = b"ES_NewJournal"
SETS = [subset for count in range(4) for subset in itertools.combinations((b"A", b"B", b"C"), count)]
SEPARATORS = {"comma": b",", "newline": b"\n"}


@pytest.mark.parametrize("by", SEPARATORS)
@pytest.mark.parametrize("ours", SETS, ids=lambda ours: b"".join(ours).decode() or "none")
def test_any_common_type_is_a_conflict_and_no_common_type_is_none(
    client: Client, other: Client, name: bytes, ours: tuple[bytes, ...], by: str
) -> None:
    for number, theirs in enumerate(SETS):
        journal = name + b"/%d" % number
        on = client.open(journal)
        other.append(journal, b"theirs {}", types=b",".join(theirs))
        size = other.open(journal).size
        answer = client.commit(on, b"ours {}", types=SEPARATORS[by].join(ours))
        assert answer.succeeded == (not set(ours) & set(theirs)), (ours, theirs)
        assert (answer.size > size) == answer.succeeded
        assert client.events(journal) == [b"theirs {}"] + [b"ours {}"] * answer.succeeded


def test_a_conflict_writes_nothing(client: Client, server: RunningServer, name: bytes) -> None:
    on = client.open(name)
    size = client.append(name, b"t 1", types=b"t")
    before = journal_file(server.journals, name).read_bytes()
    assert client.commit(on, b"t 2", types=b"t") == (False, size)
    assert journal_file(server.journals, name).read_bytes() == before
    assert client.open(name).size == size


def test_a_transaction_opened_after_a_commit_does_not_conflict_with_it(client: Client, name: bytes) -> None:
    for number in range(20):
        client.append(name, b"t %d" % number, types=b"t")
    assert len(client.events(name)) == 20


def test_all_commits_since_the_opening_count_not_only_the_last(client: Client, other: Client, name: bytes) -> None:
    opened = {letter: client.open(name) for letter in (b"A", b"B", b"C", b"D")}
    for letter in (b"A", b"B", b"C"):
        other.append(name, b"x {}", types=letter)
    for _ in range(100):
        other.append(name, b"x {}", types=b"X")
    succeeded = {letter: client.commit(on, b"x {}", types=letter).succeeded for letter, on in opened.items()}
    assert succeeded == {b"A": False, b"B": False, b"C": False, b"D": True}


def test_each_transaction_is_held_to_its_own_opening(client: Client, other: Client, name: bytes) -> None:
    before = client.open(name)
    other.append(name, b"x {}", types=b"A")
    between = client.open(name)
    other.append(name, b"x {}", types=b"B")
    after = client.open(name)
    assert not client.commit(before, b"x {}", types=b"A").succeeded
    assert client.commit(between, b"x {}", types=b"A").succeeded
    assert not client.commit(after, b"x {}", types=b"A").succeeded, "between has just committed it"


def test_of_many_transactions_with_one_type_the_first_to_commit_wins(client: Client, name: bytes) -> None:
    opened = [client.open(name) for _ in range(50)]
    succeeded = [client.commit(on, b"t %d" % number, types=b"t").succeeded for number, on in enumerate(opened)]
    assert succeeded == [True] + [False] * 49
    assert client.events(name) == [b"t 0"]


def test_of_many_pipelined_transactions_with_one_type_exactly_the_first_wins(client: Client, name: bytes) -> None:
    opened = [client.open(name) for _ in range(50)]
    client.send(*[frames.commit(name, on.worker, on.transaction, b"t", b"t %d" % on.transaction) for on in opened])
    assert [committed(reply).succeeded for reply in client.receive_many(50)] == [True] + [False] * 49


def test_a_failed_commit_and_a_rollback_declare_nothing(client: Client, name: bytes) -> None:
    third, second, first = client.open(name), client.open(name), client.open(name)
    client.append(name, b"a {}", types=b"A")
    assert not client.commit(first, b"x {}", types=b"A,B").succeeded
    client.rollback(second)
    assert client.commit(third, b"b {}", types=b"B").succeeded


def test_more_than_64_types_are_told_apart(client: Client, other: Client, name: bytes) -> None:
    """The original held 64 types in a worker's life; from then on every commit conflicted, or none."""
    opened = [client.open(name) for _ in range(300)]
    for number in range(0, 300, 2):
        other.append(name, b"x {}", types=b"Type%d" % number)
    for number, on in enumerate(opened):
        assert client.commit(on, b"x {}", types=b"Type%d" % number).succeeded == bool(number % 2), number


def test_a_commit_may_declare_many_types(client: Client, name: bytes) -> None:
    many = b",".join(b"some.package.Type%d" % number for number in range(1000))
    conflicting, clear = client.open(name), client.open(name)
    client.append(name, b"x {}", types=many)
    assert not client.commit(conflicting, b"x {}", types=b"some.package.Type999").succeeded
    assert client.commit(clear, b"x {}", types=b"some.package.Type1000").succeeded


def test_types_are_compared_whole_and_exactly(client: Client, name: bytes) -> None:
    near = [b"a.Typ", b"a.Type2", b"a.type", b"b.Type", b"Type", b"a.Type ", b" a.Type", b"a", b"\xc3\xa5.Type"]
    opened = [client.open(name) for _ in near]
    same = client.open(name)
    client.append(name, b"x {}", types=b"a.Type")
    for types, on in zip(near, opened, strict=True):
        assert client.commit(on, b"x {}", types=types).succeeded, types
    assert not client.commit(same, b"x {}", types=b"a.Type").succeeded


def test_both_separators_may_stand_in_one_declaration(client: Client, name: bytes) -> None:
    opened = {types: client.open(name) for types in (b"A", b"B", b"C", b"A,B", b"B\nC", b"D")}
    client.append(name, b"x {}", types=b"A,B\nC")
    succeeded = {types for types, on in opened.items() if client.commit(on, b"x {}", types=types).succeeded}
    assert succeeded == {b"D"}


def test_what_a_commit_declares_counts_not_what_its_events_are_called(client: Client, name: bytes) -> None:
    by_name, by_declaration = client.open(name), client.open(name)
    client.append(name, b"Named {}", types=b"Declared")
    assert client.commit(by_name, b"x {}", types=b"Named").succeeded
    assert not client.commit(by_declaration, b"x {}", types=b"Declared").succeeded


def test_transactions_on_different_journals_never_meet(client: Client, name: bytes) -> None:
    opened = [client.open(name + b"/%d" % number) for number in range(30)]
    for on in opened:
        assert client.commit(on, b"t {}", types=b"t,ES_NewJournal").succeeded


# -- the built-in type


def test_the_commit_that_creates_a_journal_declares_the_built_in_type(client: Client, name: bytes) -> None:
    creator, second_creator, unconcerned = client.open(name), client.open(name), client.open(name)
    assert client.commit(creator, b"a {}", types=b"A").succeeded
    answer = client.commit(second_creator, b"b {}", types=b"B," + CREATOR)
    assert not answer.succeeded, "it must be the creator, and is not"
    assert client.commit(unconcerned, b"c {}", types=b"C").succeeded


def test_who_must_be_the_creator_and_is_succeeds(client: Client, name: bytes) -> None:
    first, second = client.open(name), client.open(name)
    assert client.commit(first, b"a {}", types=b"A\n" + CREATOR).succeeded
    assert not client.commit(second, b"b {}", types=b"B\n" + CREATOR).succeeded


def test_only_the_first_commit_to_a_journal_declares_the_built_in_type(client: Client, name: bytes) -> None:
    client.append(name, b"a {}", types=b"A")
    on = client.open(name)
    client.append(name, b"b {}", types=b"B")
    assert client.commit(on, b"c {}", types=b"C," + CREATOR).succeeded


def test_a_commit_without_events_creates_no_journal(client: Client, name: bytes) -> None:
    creator = client.open(name)
    empty = client.ask(frames.commit(name, creator.worker, client.open(name).transaction, b"A", b""))
    assert (empty.kind, empty.body) == (COMMIT, frames.TWO.pack(1, 0))
    assert client.commit(creator, b"a {}", types=b"A," + CREATOR).succeeded
