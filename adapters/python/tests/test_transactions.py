"""The states of a transaction and the meaning of each way in which a commit may end, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from everstore_client.errors import (
    Conflict,
    ConnectionLost,
    EverstoreError,
    NotAcceptable,
    OutcomeUnknown,
    ProtocolError,
    Timeout,
    TransactionEnded,
    from_code,
)
from everstore_client.event import PLAIN, Event
from everstore_client.operations import Ask, Request, Steps, Tell
from everstore_client.transactions import Batch, Commit, OpenTransaction, State, append_steps
from everstore_client.wire import layouts
from everstore_client.wire.replies import Committed, Opened


def transaction(size: int = 48, must_be_new: bool = False) -> OpenTransaction[Event]:
    return OpenTransaction("/u", Opened(size, 7, 2), PLAIN, must_be_new, Batch())


def drive(steps: Steps[Any], *answers: object) -> tuple[list[int], Any]:
    """What kinds of requests were said, and what came of it: a result or an error."""
    said: list[int] = []
    left = list(answers)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Ask):
                step = steps.send(None)
                continue
            said.append((step.request if isinstance(step, Tell) else step).kind)
            answer = None if isinstance(step, Tell) else left.pop(0)
            step = steps.throw(answer) if isinstance(answer, EverstoreError) else steps.send(answer)
    except StopIteration as end:
        return said, end.value
    except EverstoreError as error:
        return said, error


def commit(tx: OpenTransaction[Event], *answers: object, types: list[str] | None = None) -> tuple[list[int], Any]:
    return drive(tx._commit_steps(types), *answers)


def lost(sent: bool) -> ConnectionLost:
    error = ConnectionLost("gone")
    error.sent = sent
    return error


def test_a_commit_says_the_size_and_the_count() -> None:
    tx = transaction()
    tx.append(Event("a", 1), Event("b", 2))
    assert commit(tx, Committed(True, 96)) == ([layouts.COMMIT], Commit("/u", 96, 2))
    assert tx._state is State.COMMITTED


def test_a_conflict_names_the_journal_and_the_types() -> None:
    tx = transaction()
    tx.append(Event("a", 1), Event("b", 2), Event("a", 3))
    _, error = commit(tx, Committed(False, 96))
    assert isinstance(error, Conflict)
    assert (error.journal, error.types, error.code) == ("/u", ("a", "b"), 7)
    assert tx._state is State.ROLLED_BACK


@pytest.mark.parametrize(
    "answer", [lost(sent=True), Timeout("late"), ProtocolError("rubbish"), from_code(1), from_code(99)], ids=repr
)
def test_a_commit_without_a_certain_answer_is_of_unknown_outcome(answer: EverstoreError) -> None:
    tx = transaction()
    tx.append(Event("a", 1))
    said, error = commit(tx, answer)
    assert isinstance(error, OutcomeUnknown)
    assert error.__cause__ is answer
    assert error.journal == "/u"
    assert (said, tx._state) == ([layouts.COMMIT], State.UNKNOWN)


@pytest.mark.parametrize("answer", [lost(sent=False), *map(from_code, (3, 4, 5, 6, 8, 13, 14, 15))], ids=repr)
def test_an_error_that_excludes_success_leaves_as_it_is(answer: EverstoreError) -> None:
    tx = transaction()
    tx.append(Event("a", 1))
    said, error = commit(tx, answer)
    assert error is answer
    assert (said, tx._state) == ([layouts.COMMIT, layouts.ROLLBACK], State.ROLLED_BACK)


def test_nothing_to_commit_only_ends_it() -> None:
    assert commit(transaction()) == ([layouts.ROLLBACK], Commit("/u", 48, 0))


def test_one_that_must_be_new_conflicts_with_a_journal_that_exists() -> None:
    tx = transaction(must_be_new=True)
    tx.append(Event("a", 1))
    said, error = commit(tx)
    assert isinstance(error, Conflict)
    assert (said, error.types) == ([layouts.ROLLBACK], ("ES_NewJournal",))


def declared(tx: OpenTransaction[Event], types: list[str] | None = None) -> bytes:
    step = next(tx._commit_steps(types))
    assert isinstance(step, Request)
    return step.strings[1]


def test_what_a_commit_declares() -> None:
    tx = transaction(size=0, must_be_new=True)
    tx.declare("family")
    tx.append(Event("a", 1), Event("a", 2))
    tx.append(type="b", data=3)
    tx.append_raw("c 4")
    assert declared(tx) == b"ES_NewJournal,family,a,b,c"


def test_declared_types_can_be_replaced() -> None:
    tx = transaction()
    tx.append(Event("a", 1))
    assert declared(tx, ["x", "y", "x"]) == b"x,y"


def test_one_event_that_cannot_be_written_leaves_the_others_out_too() -> None:
    tx = transaction()
    with pytest.raises(NotAcceptable):
        tx.append(Event("a", 1), {"x": 1})
    assert commit(tx)[1].events == 0


@pytest.mark.parametrize("line", ["a 1\nb 2", "a 1\0"])
def test_a_raw_line_is_one_line(line: str) -> None:
    with pytest.raises(NotAcceptable):
        transaction().append_raw(line)


def test_text_without_a_utf8_form_is_told_before_anything_is_sent() -> None:
    tx = transaction()
    tx.append(Event("a", "\ud800"))
    assert isinstance(commit(tx)[1], NotAcceptable)
    assert tx.is_open


def test_one_that_is_over_cannot_be_used() -> None:
    tx = transaction()
    drive(tx._rollback_steps())
    for use in (
        lambda: tx.append(Event("a", 1)),
        lambda: tx.append_raw("a 1"),
        lambda: tx.declare("a"),
        lambda: next(tx._commit_steps(None)),
        lambda: next(tx._read_steps(0, False)),
    ):
        with pytest.raises(TransactionEnded, match="rolled back"):
            use()


def test_reading_what_is_known_asks_nothing() -> None:
    assert drive(transaction()._read_steps(48, False)) == ([], [])
    assert drive(transaction()._read_steps(0, False), b"a 1\nb 2") == ([layouts.READ], [Event("a", 1), Event("b", 2)])


def test_appending_opens_and_commits() -> None:
    batch = Batch()
    batch.add([PLAIN.encode(Event("a", 1))])
    steps = append_steps("/u", PLAIN, False, batch)
    answers = (Opened(0, 7, 2), Committed(True, 48))
    assert drive(steps, *answers) == ([layouts.NEW_TRANSACTION, layouts.COMMIT], Commit("/u", 48, 1))
