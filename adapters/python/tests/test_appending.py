"""Each row of the table of what may become of an append, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from everstore_client.appending import Wanted, append_once
from everstore_client.errors import (
    AuthenticationFailed,
    CannotWrite,
    ConnectionLost,
    EverstoreError,
    OutcomeUnknown,
    ProtocolError,
    Timeout,
    TooLarge,
    UnknownError,
    from_code,
)
from everstore_client.operations import Ask
from everstore_client.outbox import Post
from everstore_client.senders import Native, Senders
from everstore_client.wire.native_replies import Hello, Outcome
from everstore_client.wire.native_requests import Condition

NAME = b"/user/1"
WANTED = Wanted(NAME, b"a 1", b"a")
DONE = Outcome(0, 28, 0, b"")


def native(workers: int = 2, run: int = 7, request_bytes_max: int = 4096) -> Native:
    return Native(Hello(1, workers, request_bytes_max, run), Senders())


def drive(server: Native, *answers: object, wanted: Wanted = WANTED, then: Native | None = None) -> tuple[Any, Any]:
    """The posts, and what came of it. `then`: the server that is found elsewhere, unless `Away` comes first."""
    steps = append_once(server, wanted)
    posts: list[Post] = []
    left = list(answers)
    try:
        step = next(steps)
        while True:
            if isinstance(step, Ask):
                step = steps.send(then)
                continue
            if isinstance(step, Post):
                posts.append(step)
            answer: object = None
            if isinstance(step, Post):
                answer = left.pop(0)
            elif left and isinstance(left[0], Away):
                answer = left.pop(0).error
            step = steps.throw(answer) if isinstance(answer, EverstoreError) else steps.send(answer)
    except StopIteration as end:
        return posts, end.value
    except EverstoreError as error:
        return posts, error


class Away:
    """Nobody can be reached elsewhere."""

    def __init__(self, error: EverstoreError) -> None:
        self.error = error


def lost(sent: bool) -> ConnectionLost:
    error = ConnectionLost("gone")
    error.sent = sent
    return error


@pytest.mark.parametrize("outcome", [DONE, Outcome(7, 56, 56, b"")], ids=["written", "conflict"])
def test_what_is_decided_is_that(outcome: Outcome) -> None:
    server = native()
    posts, found = drive(server, outcome)
    assert found == outcome
    (post,) = posts
    assert (post.run, post.worker, post.again) == (7, server.worker_of(NAME), False)
    assert post.sender.answered == post.append.sequence + 1


@pytest.mark.parametrize("error", [lost(sent=True), from_code(1), from_code(99)], ids=repr)
def test_what_may_have_been_written_is_sent_again_as_the_same(error: EverstoreError) -> None:
    server, other = native(), native(workers=5, run=8)
    posts, found = drive(server, error, error, DONE, then=other)
    assert found == DONE
    first, second, third = posts
    assert second == first._replace(again=True, worker=other.worker_of(NAME))
    assert third == second
    assert first.run == third.run == 7


def test_what_was_not_sent_is_sent_as_new() -> None:
    posts, found = drive(native(), lost(sent=False), DONE, then=native(run=8))
    assert found == DONE
    assert [(post.run, post.again) for post in posts] == [(7, False), (8, False)]


def test_what_was_once_sent_stays_so() -> None:
    posts, found = drive(native(), lost(sent=True), lost(sent=False), Outcome(1, 0, 0, b""), then=native(run=8))
    assert isinstance(found, OutcomeUnknown)
    assert [(post.run, post.again) for post in posts] == [(7, False), (7, True), (7, True)]


@pytest.mark.parametrize(("before", "kind"), [([], UnknownError), ([lost(sent=True)], OutcomeUnknown)])
def test_a_server_that_cannot_know_wrote_nothing_of_what_is_new(before: list[object], kind: type) -> None:
    _, found = drive(native(), *before, Outcome(1, 0, 0, b""), then=native(run=8))
    assert type(found) is kind


@pytest.mark.parametrize("before", [[], [lost(sent=True)]], ids=["new", "again"])
def test_another_error_is_certain(before: list[object]) -> None:
    _, found = drive(native(), *before, Outcome(15, 0, 0, b""), then=native())
    assert isinstance(found, CannotWrite)


@pytest.mark.parametrize("error", [Timeout("late"), ProtocolError("rubbish")], ids=repr)
def test_silence_and_rubbish_leave_it_unknown(error: EverstoreError) -> None:
    posts, found = drive(native(), error)
    assert isinstance(found, OutcomeUnknown)
    assert found.__cause__ is error
    assert posts[0].sender.answered == posts[0].append.sequence + 1


@pytest.mark.parametrize("away", [Timeout("no more"), ConnectionLost("nobody"), AuthenticationFailed("no")], ids=repr)
def test_when_nobody_can_be_reached_what_was_sent_is_unknown(away: EverstoreError) -> None:
    _, found = drive(native(), lost(sent=True), Away(away))
    assert isinstance(found, OutcomeUnknown)
    _, found = drive(native(), lost(sent=False), Away(away))
    assert found is away


def test_a_server_that_has_gone_back_to_version_1_cannot_be_asked() -> None:
    _, found = drive(native(), lost(sent=True), then=None)
    assert isinstance(found, OutcomeUnknown)
    error = lost(sent=False)
    assert drive(native(), error, then=None)[1] is error


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(NAME, b"a " + b"1" * 5000, b"a"),
        Wanted(NAME, b"a 1", b"a" * 65536),
        Wanted(NAME, b"a 1", b"a", Condition.UNCHANGED, 0, b"a" * 65536),
        Wanted(NAME, b"a 1", b"a", Condition.UNCHANGED, -1, b"a"),
        Wanted(NAME, b"a 1", b"a", Condition.UNCHANGED, 2**64, b"a"),
    ],
    ids=["events", "declares", "depends", "before the start", "past 64 bits"],
)
def test_what_cannot_be_said_is_told_before_anything_is_sent(wanted: Wanted) -> None:
    room = 4096 if len(wanted.events) > 4096 else 2**20
    posts, found = drive(native(request_bytes_max=room), wanted=wanted)
    assert isinstance(found, TooLarge)
    assert posts == []
