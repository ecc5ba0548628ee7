"""Which transactions are open on which journals, and what may conflict with them.

It keeps two things together: the table of transactions, and each journal's memory of declared types, which exists
exactly while a transaction is open on it.
"""

from __future__ import annotations

from everstore import limits, log
from everstore.clock import Clock
from everstore.engine.journal import Journal, Journals
from everstore.journal.conflicts import Declared
from everstore.journal.transactions import Transaction, Transactions


class Ledger:
    """The open transactions of one worker."""

    def __init__(self, journals: Journals, clock: Clock, lifetime_s: float) -> None:
        self._journals = journals
        self._clock = clock
        self._transactions = Transactions(lifetime_s)

    def __len__(self) -> int:
        return len(self._transactions)

    def open(self, connection: int, journal: Journal) -> Transaction:
        """A new transaction of a connection, which sees the journal as it is. Raises as `Transactions.open` does."""
        transaction = self._transactions.open(connection, journal.name, journal.size, self._clock.monotonic())
        journal.open_count += 1
        if journal.declared is None:
            journal.declared = Declared()
        return transaction

    def find(self, uid: int, name: bytes) -> Transaction:
        """See `Transactions.find`."""
        return self._transactions.find(uid, name)

    def touch(self, connection: int, journal: Journal) -> None:
        """A connection has used a journal: its transactions there live on."""
        self._transactions.touch(connection, journal.name, self._clock.monotonic())

    def conflicts(self, journal: Journal, types: set[bytes], transaction: Transaction) -> bool:
        """True when one of `types` was declared on the journal since the transaction opened."""
        assert journal.declared is not None, "a journal with an open transaction remembers types"
        return journal.declared.conflicting(types, transaction.opened_at) is not None

    def declare(self, journal: Journal, types: set[bytes]) -> None:
        """Note the types of a commit that has brought the journal to its present size."""
        if journal.declared is None:
            return  # No transaction is open here, so none can ever conflict with this commit.
        journal.declared.declare(types, journal.size)
        if _too_many(journal.declared):
            self._make_room_for_types(journal, journal.declared)

    def end(self, transaction: Transaction) -> None:
        self._transactions.end(transaction)
        self._left(transaction)

    def end_connection(self, connection: int) -> None:
        for transaction in self._transactions.end_connection(connection):
            self._left(transaction)

    def expire(self) -> list[Transaction]:
        """End the transactions that idled past their lifetime; returns them."""
        expired = self._transactions.expire(self._clock.monotonic())
        for transaction in expired:
            self._left(transaction)
        return expired

    def roll_back(self, journal: Journal) -> None:
        """The journal is again as long as it was: forget what was declared, and who opened it, behind that size."""
        for transaction in self._transactions.on(journal.name):
            if transaction.opened_at > journal.size:
                self.end(transaction)
        if journal.declared is not None:
            journal.declared.roll_back(journal.size)

    def _make_room_for_types(self, journal: Journal, declared: Declared) -> None:
        open_here = self._transactions.on(journal.name)
        declared.forget_until(min((each.opened_at for each in open_here), default=journal.size))
        if _too_many(declared):
            log.warning(
                f"more than {limits.TYPES_PER_JOURNAL_MAX} types, or {limits.TYPE_BYTES_PER_JOURNAL_MAX} bytes of "
                "them, came while transactions were open: these are ended",
                journal=log.shown(journal.name),
            )
            for transaction in open_here:
                self._transactions.end_late(transaction)
                self._left(transaction)

    def _left(self, transaction: Transaction) -> None:
        """One transaction less on its journal."""
        journal = self._journals.get(transaction.name)
        journal.open_count -= 1
        if not journal.open_count:
            journal.declared = None


def _too_many(declared: Declared) -> bool:
    return len(declared) > limits.TYPES_PER_JOURNAL_MAX or declared.type_bytes > limits.TYPE_BYTES_PER_JOURNAL_MAX
