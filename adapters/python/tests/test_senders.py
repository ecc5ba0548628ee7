"""Numbers that no two appends share, and what a sender may say that it knows."""

from __future__ import annotations

from everstore_client.limits import OPEN_APPENDS_MAX
from everstore_client.senders import Native, Sender, Senders
from everstore_client.wire.native_replies import Hello


def test_what_is_below_the_oldest_open_append_is_answered() -> None:
    sender = Sender()
    assert [sender.begin() for _ in range(3)] == [1, 2, 3]
    known = []
    for ended in (2, 1, 3, 3):
        sender.end(ended)
        known.append(sender.answered)
    assert known == [1, 3, 4, 4]


def test_while_one_append_waits_another_sender_goes_on_in_time() -> None:
    senders = Senders()
    stuck, first = senders.begin(1, workers=2)
    for number in range(1, OPEN_APPENDS_MAX):
        assert senders.begin(1, workers=2) == (stuck, first + number)
        stuck.end(first + number)
    other, sequence = senders.begin(1, workers=2)
    assert other is not stuck
    assert (other.client != stuck.client, sequence) == (True, 1)
    assert stuck.answered == 1


def test_each_worker_has_a_sender_of_its_own() -> None:
    native = Native(Hello(1, 2, 4096, 7), Senders())
    (one, first), (same, second), (other, third) = map(native.begin, (1, 1, 2))
    assert (one is same, one is other) == (True, False)
    assert one.client != other.client
    assert (first, second, third) == (1, 2, 1)


def test_each_journal_has_one_of_the_workers() -> None:
    native = Native(Hello(1, 3, 4096, 7), Senders())
    found = [native.worker_of(b"/journal/%d" % number) for number in range(300)]
    assert {found.count(worker) > 50 for worker in (1, 2, 3)} == {True}
    assert len(found) == sum(found.count(worker) for worker in (1, 2, 3))
