"""The open transactions of one worker: whose they are, what they saw, when they were last used.

A transaction dies with its connection, when it is committed or rolled back, or when it idles past its lifetime.
Bounded by `limits.TRANSACTIONS_MAX`; everything here is O(1) but the end of a connection, which is O(its own
transactions).
"""

from __future__ import annotations

import os
from collections import OrderedDict

from everstore import limits
from everstore.errors import Code, Refused


class Transaction:
    """`opened_at`: the journal's size that it saw, in bytes. `used`: monotonic seconds."""

    __slots__ = ("connection", "name", "opened_at", "uid", "used")

    def __init__(self, uid: int, connection: int, name: bytes, opened_at: int, used: float) -> None:
        self.uid = uid
        self.connection = connection
        self.name = name
        self.opened_at = opened_at
        self.used = used


class Transactions:
    """All open transactions, the longest unused first."""

    def __init__(self, lifetime_s: float) -> None:
        self._lifetime_s = lifetime_s
        self._open: OrderedDict[int, Transaction] = OrderedDict()
        self._of_connection: dict[int, dict[bytes, set[int]]] = {}
        self._expired: OrderedDict[int, None] = OrderedDict()
        # A random start, so that a UID from before a worker's death is not taken for one of its successor's.
        self._last_uid = int.from_bytes(os.urandom(4), "little")

    def __len__(self) -> int:
        return len(self._open)

    def open(self, connection: int, name: bytes, size: int, now: float) -> Transaction:
        """A new transaction that sees `size` bytes of the journal `name`.

        Raises:
            Refused: too many are open (code 1).
        """
        if len(self._open) >= limits.TRANSACTIONS_MAX:
            raise Refused(Code.UNKNOWN, f"{limits.TRANSACTIONS_MAX} transactions are open in this worker, its limit")
        transaction = Transaction(self._next_uid(), connection, name, size, now)
        self._add(transaction)
        return transaction

    def reopen(self, transaction: Transaction, now: float) -> None:
        """Take back the end of a transaction."""
        transaction.used = now
        self._add(transaction)

    def _add(self, transaction: Transaction) -> None:
        self._open[transaction.uid] = transaction
        of_journals = self._of_connection.setdefault(transaction.connection, {})
        of_journals.setdefault(transaction.name, set()).add(transaction.uid)

    def _next_uid(self) -> int:
        while True:
            self._last_uid = (self._last_uid + 1) & 0xFFFFFFFF
            if self._last_uid and self._last_uid not in self._open:
                return self._last_uid

    def find(self, uid: int, name: bytes) -> Transaction:
        """The open transaction `uid` on the journal `name`.

        Raises:
            Refused: it idled past its lifetime (code 4), or there is none (code 6).
        """
        transaction = self._open.get(uid)
        if transaction is not None and transaction.name == name:
            return transaction
        if uid in self._expired:
            raise Refused(Code.JOURNAL_CLOSED, f"the transaction idled for more than {self._lifetime_s:g} seconds")
        raise Refused(Code.NO_SUCH_TRANSACTION, f"there is no transaction {uid} on this journal")

    def touch(self, connection: int, name: bytes, now: float) -> None:
        """Note that a connection has used a journal: its transactions there live on."""
        for uid in self._of_connection.get(connection, {}).get(name, ()):
            self._open[uid].used = now
            self._open.move_to_end(uid)

    def end(self, transaction: Transaction) -> None:
        del self._open[transaction.uid]
        journals = self._of_connection[transaction.connection]
        uids = journals[transaction.name]
        uids.remove(transaction.uid)
        if not uids:
            del journals[transaction.name]
            if not journals:
                del self._of_connection[transaction.connection]

    def end_connection(self, connection: int) -> list[Transaction]:
        """End all transactions of a connection that is gone; returns them."""
        journals = self._of_connection.get(connection, {})
        ended = [self._open[uid] for uids in journals.values() for uid in uids]
        for transaction in ended:
            self.end(transaction)
        return ended

    def expire(self, now: float) -> list[Transaction]:
        """End the transactions that idled past the lifetime; returns them."""
        ended: list[Transaction] = []
        while self._open:
            oldest = next(iter(self._open.values()))
            if now - oldest.used <= self._lifetime_s:
                break
            self.end_late(oldest)
            ended.append(oldest)
        return ended

    def end_late(self, transaction: Transaction) -> None:
        """End a transaction whose owner does not know yet: its next request is answered "closed", not "never heard
        of".
        """
        self.end(transaction)
        self._expired[transaction.uid] = None
        if len(self._expired) > limits.ENDED_TRANSACTIONS_REMEMBERED:
            self._expired.popitem(last=False)

    def by_journal(self) -> dict[bytes, list[Transaction]]:
        """All open transactions: O(all)."""
        found: dict[bytes, list[Transaction]] = {}
        for transaction in self._open.values():
            found.setdefault(transaction.name, []).append(transaction)
        return found

    def on(self, name: bytes) -> list[Transaction]:
        """The open transactions on one journal: O(all), for the rare case that there are too many types to remember."""
        return [transaction for transaction in self._open.values() if transaction.name == name]
