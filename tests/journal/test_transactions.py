from __future__ import annotations

import pytest

from everstore import limits
from everstore.errors import Code, Refused
from everstore.journal.transactions import Transaction, Transactions

LIFETIME_S = 60.0


@pytest.fixture
def transactions() -> Transactions:
    return Transactions(LIFETIME_S)


def code_of(transactions: Transactions, transaction: Transaction, name: bytes | None = None) -> Code:
    with pytest.raises(Refused) as refused:
        transactions.find(transaction.uid, name or transaction.name)
    return refused.value.code


def test_a_transaction_knows_what_it_saw_and_is_found_by_its_uid_and_journal(transactions: Transactions) -> None:
    one, other = transactions.open(7, b"/a", 100, 1.5), transactions.open(8, b"/b", 200, 2.5)
    assert (one.connection, one.name, one.opened_at, one.used) == (7, b"/a", 100, 1.5)
    assert transactions.find(one.uid, b"/a") is one
    assert transactions.find(other.uid, b"/b") is other
    assert len(transactions) == 2


def test_a_transaction_is_not_found_on_another_journal_nor_when_it_has_ended(transactions: Transactions) -> None:
    one = transactions.open(7, b"/a", 0, 0.0)
    assert code_of(transactions, one, b"/b") is Code.NO_SUCH_TRANSACTION
    transactions.end(one)
    assert code_of(transactions, one) is Code.NO_SUCH_TRANSACTION
    assert len(transactions) == 0


def test_uids_are_never_zero_and_none_is_given_twice_where_they_begin_anew(transactions: Transactions) -> None:
    transactions._last_uid = 0xFFFFFFFD  # noqa: SLF001 - four thousand million transactions later
    assert [transactions.open(1, b"/a", 0, 0.0).uid for _ in range(4)] == [0xFFFFFFFE, 0xFFFFFFFF, 1, 2]
    transactions._last_uid = 0xFFFFFFFD  # noqa: SLF001
    assert transactions.open(1, b"/a", 0, 0.0).uid == 3


def test_uids_begin_elsewhere_in_each_worker() -> None:
    assert len({Transactions(LIFETIME_S).open(1, b"/a", 0, 0.0).uid for _ in range(4)}) > 1


def test_so_many_are_open_at_once_and_no_more(transactions: Transactions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TRANSACTIONS_MAX", 3)
    first = transactions.open(1, b"/a", 0, 0.0)
    transactions.open(1, b"/a", 0, 0.0)
    transactions.open(2, b"/b", 0, 0.0)
    with pytest.raises(Refused, match="its limit") as refused:
        transactions.open(2, b"/b", 0, 0.0)
    assert refused.value.code is Code.UNKNOWN
    transactions.end(first)
    assert transactions.open(2, b"/b", 0, 0.0)


def test_a_connection_takes_its_own_transactions_with_it_and_no_others(transactions: Transactions) -> None:
    mine = [transactions.open(1, name, 0, 0.0) for name in (b"/a", b"/a", b"/b")]
    transactions.end(mine.pop())
    yours = transactions.open(2, b"/a", 0, 0.0)
    assert {each.uid for each in transactions.end_connection(1)} == {each.uid for each in mine}
    assert transactions.on(b"/a") == [yours]
    assert transactions.end_connection(1) == []
    assert transactions.end_connection(3) == []


def test_a_transaction_that_idles_past_its_lifetime_is_too_late_and_no_other(transactions: Transactions) -> None:
    idle, busy = transactions.open(1, b"/a", 0, 0.0), transactions.open(2, b"/a", 0, 0.0)
    transactions.touch(2, b"/a", 1.0)
    assert transactions.expire(LIFETIME_S) == [], "its lifetime is over, and not past"
    assert transactions.expire(LIFETIME_S + 0.5) == [idle]
    assert code_of(transactions, idle) is Code.JOURNAL_CLOSED
    assert transactions.find(busy.uid, b"/a") is busy
    assert transactions.expire(LIFETIME_S + 1.5) == [busy]
    assert transactions.expire(LIFETIME_S * 9) == []
    with pytest.raises(Refused, match="idled for more than 60 seconds"):
        transactions.find(busy.uid, b"/a")


def test_use_of_a_journal_keeps_a_connections_transactions_there_and_nowhere_else(transactions: Transactions) -> None:
    here, there = transactions.open(1, b"/a", 0, 0.0), transactions.open(1, b"/b", 0, 0.0)
    also_here = transactions.open(1, b"/a", 0, 0.0)
    transactions.touch(1, b"/a", 50.0)
    transactions.touch(3, b"/a", 50.0)
    transactions.touch(1, b"/c", 50.0)
    assert transactions.expire(100.0) == [there]
    assert {each.uid for each in transactions.expire(111.0)} == {here.uid, also_here.uid}


def test_so_many_late_ones_are_remembered_and_the_first_is_forgotten(
    transactions: Transactions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ENDED_TRANSACTIONS_REMEMBERED", 2)
    late = [transactions.open(1, b"/a", 0, 0.0) for _ in range(3)]
    for each in late:
        transactions.end_late(each)
    assert [code_of(transactions, each) for each in late] == [
        Code.NO_SUCH_TRANSACTION,
        Code.JOURNAL_CLOSED,
        Code.JOURNAL_CLOSED,
    ]


def test_the_open_ones_are_told_by_their_journals(transactions: Transactions) -> None:
    a, b, c = (transactions.open(number, name, 0, 0.0) for number, name in enumerate((b"/a", b"/b", b"/a")))
    assert transactions.by_journal() == {b"/a": [a, c], b"/b": [b]}
    assert transactions.on(b"/a") == [a, c]
    assert transactions.on(b"/c") == []


def test_nothing_is_remembered_of_connections_and_journals_without_transactions(transactions: Transactions) -> None:
    on_a, on_b = transactions.open(1, b"/a", 0, 0.0), transactions.open(1, b"/b", 0, 0.0)
    transactions.end(on_a)
    assert transactions._of_connection == {1: {b"/b": {on_b.uid}}}  # noqa: SLF001
    transactions.end(on_b)
    assert transactions._of_connection == {}  # noqa: SLF001
