"""When a connection opens a lane, and over what a request goes."""

from __future__ import annotations

import pytest

from everstore_client.conversation import Conversation
from everstore_client.errors import ConnectionLost, EverstoreError, NoLane, from_code
from everstore_client.lanes import Lanes, worker_of
from everstore_client.limits import LANE_PAUSE_S_MAX, LANE_REQUESTS_MIN
from everstore_client.outbox import Post
from everstore_client.senders import Native, Sender, Senders
from everstore_client.wire import native_requests, requests
from everstore_client.wire.native_replies import Hello
from everstore_client.wire.native_requests import Append, Condition

NATIVE = Native(Hello(1, 4, 1000, 1), Senders())


def asked(lanes: Lanes, worker: int, times: int, now: float = 0.0) -> list[bool]:
    return [lanes.wants(worker, now) for _ in range(times)]


def test_a_lane_is_wanted_to_each_worker_that_is_asked_often() -> None:
    lanes = Lanes(wanted=True)
    assert asked(lanes, 1, LANE_REQUESTS_MIN) == [False] * (LANE_REQUESTS_MIN - 1) + [True]
    assert asked(lanes, 2, LANE_REQUESTS_MIN - 1) == [False] * (LANE_REQUESTS_MIN - 1)


def test_none_is_wanted_where_none_is_allowed() -> None:
    assert not any(asked(Lanes(wanted=False), 1, 100))


@pytest.mark.parametrize("code", [1, 3, 16])
def test_none_is_wanted_any_more_where_there_are_none(code: int) -> None:
    lanes = Lanes(wanted=True)
    lanes.failed(1, from_code(code), 0.0)
    assert not any(asked(lanes, 1, 100, 1000.0) + asked(lanes, 2, 100, 1000.0))


@pytest.mark.parametrize("error", [ConnectionLost("lost"), NoLane("not now")])
def test_after_a_failure_comes_a_pause_for_that_worker(error: EverstoreError) -> None:
    lanes = Lanes(wanted=True)
    for _ in range(50):
        lanes.failed(1, error, 1000.0)
    assert not any(asked(lanes, 1, 100, 999.0))
    assert any(asked(lanes, 2, 100, 999.0))
    assert lanes.wants(1, 1000.0 + LANE_PAUSE_S_MAX)
    lanes.opened(1)
    lanes.failed(1, error, 2000.0)
    assert lanes.wants(1, 2000.2), "the first pause is a short one again"


def test_appends_and_fetches_go_over_their_workers_lane_and_nothing_else_does() -> None:
    append = Append(1, 0, Condition.NONE, b"/a", b"", b"", b"a 1")
    assert worker_of(Post(Sender(), 1, 3, append, 10), NATIVE) == 3
    assert worker_of(native_requests.fetch(b"/a", 0, 1, False), NATIVE) == NATIVE.worker_of(b"/a")
    assert worker_of(native_requests.fetch(b"/a", 0, 1, False), None) == 0
    assert worker_of(requests.exists(b"/a"), NATIVE) == 0


def test_a_request_of_another_conversation_is_not_forgotten_for_its_number() -> None:
    ours, theirs = Conversation("a", "b"), Conversation("a", "b")
    pending, other = ours.ask(requests.exists(b"/a")), theirs.ask(requests.exists(b"/b"))
    assert pending.uid == other.uid
    ours.forget(other)
    assert ours.waiting == 1
