"""Which transactions are open on which journals, and what may conflict with them.

It keeps two things together: the table of transactions, and each journal's memory of declared types, which exists
while a transaction is open on it, and for as long as it is in use when native appends come.
"""

from __future__ import annotations

from everstore import limits, log
from everstore.clock import Clock
from everstore.engine.journal import Journal, Journals
from everstore.journal.conflicts import Declared
from everstore.journal.transactions import Transaction, Transactions
from everstore.storage.remembered import Remembered, Types


class Ledger:
    """The open transactions of one worker. `recovered`: what is known of types from before its start."""

    def __init__(self, journals: Journals, clock: Clock, lifetime_s: float, recovered: Remembered) -> None:
        self._journals = journals
        self._clock = clock
        self._transactions = Transactions(lifetime_s)
        self._remembering: dict[bytes, Declared] = {}
        self._occupied = 0  # by all that is remembered
        self._recovered = recovered.journals
        self._ended: list[tuple[Transaction, Declared]] = []  # by the commits of the batch under way

    def __len__(self) -> int:
        return len(self._transactions)

    def open(self, connection: int, journal: Journal) -> Transaction:
        """A new transaction of a connection, which sees the journal as it is. Raises as `Transactions.open` does."""
        transaction = self._transactions.open(connection, journal.name, journal.size, self._clock.monotonic())
        journal.open_count += 1
        if journal.declared is None:
            journal.declared = self._remembering[journal.name] = Declared(journal.size)
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

    def keep(self, journal: Journal) -> None:
        """From now on remember the journal's types for as long as it is in use: appends come to it."""
        if journal.kept:
            return
        journal.kept = True
        known = self._recovered.pop(journal.name, None)
        if journal.declared is None:
            journal.declared = self._remembering[journal.name] = Declared(journal.size)
            if known is not None and known.size == journal.size:
                journal.declared.recall(known.known_from, known.last)
                self._occupied += journal.declared.occupied

    def may_conflict(self, journal: Journal, types: set[bytes], position: int) -> bool:
        """True when one of `types` was declared behind `position`, or nobody knows any more what was."""
        assert journal.declared is not None, "a journal that is kept remembers types"
        return position < journal.declared.known_from or journal.declared.conflicting(types, position) is not None

    def remembered(self) -> dict[bytes, Types]:
        """What is known of types in journals, but for the batch under way; the latest used last."""
        found = dict(self._recovered)
        for journal in self._journals:
            if journal.kept and journal.declared is not None:
                size = journal.durable_size
                known_from = min(journal.declared.known_from, size)
                found[journal.name] = Types(size, known_from, journal.declared.last(size))
        return found

    def dropped(self, journal: Journal) -> None:
        """A journal is in use no more."""
        if journal.declared is not None:
            self._occupied -= self._remembering.pop(journal.name).occupied

    def forget_recovered(self) -> None:
        """What nobody has come back for since the start, as if its journals had been in use until now."""
        self._recovered.clear()

    def declare(self, journal: Journal, types: set[bytes]) -> None:
        """Note the types of a commit that has brought the journal to its present size."""
        if journal.declared is None:
            return  # No transaction is open here, so none can ever conflict with this commit.
        grown = journal.declared.declare(types, journal.size)
        if not grown:
            return
        self._occupied += grown
        if _too_many(journal.declared):
            self._make_room_for_types(journal.name, journal.declared, journal.size)
        if self._occupied > limits.TYPE_BYTES_MAX:
            self._make_room_in_all()

    def end(self, transaction: Transaction) -> None:
        self._transactions.end(transaction)
        self._left(transaction)

    def end_by_commit(self, journal: Journal, transaction: Transaction) -> None:
        """End it, unless the disk turns out to have no room for its journal: see `roll_back`."""
        assert journal.declared is not None, "a journal with an open transaction remembers types"
        self._ended.append((transaction, journal.declared))
        self.end(transaction)

    def settle(self) -> None:
        """The batch is over: what it has ended stays so."""
        self._ended.clear()

    def end_connection(self, connection: int) -> None:
        self._ended = [each for each in self._ended if each[0].connection != connection]
        for transaction in self._transactions.end_connection(connection):
            self._left(transaction)

    def expire(self) -> list[Transaction]:
        """End the transactions that idled past their lifetime; returns them."""
        expired = self._transactions.expire(self._clock.monotonic())
        for transaction in expired:
            self._left(transaction)
        return expired

    def roll_back(self, journal: Journal) -> None:
        """The journal is again as long as it was: forget what was declared, and who opened it, behind that size. The
        transactions that commits of this batch have ended are open again, since those are answered with errors.
        """
        again = [each for each in self._ended if each[0].name == journal.name and each[0].opened_at <= journal.size]
        for transaction, _ in again:
            self._transactions.reopen(transaction, self._clock.monotonic())
            journal.open_count += 1
        if again:
            # What was remembered at the first of them: whatever was declared since then was not written.
            self._occupied += again[0][1].occupied - (journal.declared.occupied if journal.declared else 0)
            journal.declared = self._remembering[journal.name] = again[0][1]
        for transaction in self._transactions.on(journal.name):
            if transaction.opened_at > journal.size:
                self.end(transaction)
        if journal.declared is not None:
            journal.declared.roll_back(journal.size)

    def _make_room_for_types(self, name: bytes, declared: Declared, size: int) -> None:
        open_here = self._transactions.on(name)
        before = declared.occupied
        declared.forget_until(min((each.opened_at for each in open_here), default=size))
        self._occupied += declared.occupied - before
        if _too_many(declared):
            log.warning(
                f"more than {limits.TYPES_PER_JOURNAL_MAX} types, or {limits.TYPE_BYTES_PER_JOURNAL_MAX} bytes of "
                "them, came while transactions were open: these are ended",
                journal=log.shown(name),
            )
            self._end_late(open_here)

    def _make_room_in_all(self) -> None:
        """End the transactions on the journals that remember most. A quarter is freed at once, since finding them means
        looking at all.
        """
        by_size = sorted(self._remembering, key=lambda name: self._remembering[name].occupied, reverse=True)
        log.warning(
            f"types of over {limits.TYPE_BYTES_MAX} bytes came in this worker while transactions were open: those on "
            "the journals with most of them are ended",
            journal=log.shown(by_size[0]),
        )
        open_on = self._transactions.by_journal()
        for name in by_size:
            if self._occupied <= limits.TYPE_BYTES_MAX * 3 // 4:
                return
            self._end_late(open_on.get(name, []))
            self._forget_types(name)

    def _forget_types(self, name: bytes) -> None:
        """Of a journal that is kept; appends with earlier positions may conflict without need."""
        declared = self._remembering.get(name)
        if declared is not None:
            self._occupied -= declared.occupied
            declared.forget_until(self._journals.get(name).size)
            self._occupied += declared.occupied

    def _end_late(self, transactions: list[Transaction]) -> None:
        for transaction in transactions:
            self._transactions.end_late(transaction)
            self._left(transaction)

    def _left(self, transaction: Transaction) -> None:
        """One transaction less on its journal."""
        journal = self._journals.get(transaction.name)
        journal.open_count -= 1
        if not journal.open_count and not journal.kept:
            journal.declared = None
            self._occupied -= self._remembering.pop(journal.name).occupied


def _too_many(declared: Declared) -> bool:
    return len(declared) > limits.TYPES_PER_JOURNAL_MAX or declared.type_bytes > limits.TYPE_BYTES_PER_JOURNAL_MAX
