"""The store of one worker: decides requests, commits in batches. This is where the wire protocol meets journals, and
the only place.

    store.begin(bytes_arrived)
    for connection, frame in arrived:
        store.handle(connection, frame)
    answers = store.commit()

`handle` never writes to a journal and never waits for a sync; `commit` does both once for all that was handled.
Decisions see the commits decided before them in the same batch; answers leave only when those are durable.
"""

from __future__ import annotations

from collections.abc import Callable

import orjson

from everstore import limits, log
from everstore.clock import Clock
from everstore.engine.batch import Answer, Batch
from everstore.engine.group_commit import GroupCommit
from everstore.engine.journal import Journal, Journals
from everstore.engine.ledger import Ledger
from everstore.engine.listing import Listing
from everstore.engine.reads import Wanted, read_replies
from everstore.errors import Code, Refused
from everstore.journal.conflicts import NEW_JOURNAL, types_of
from everstore.journal.text import Lines, check_events, stamped
from everstore.storage.disk import Disk
from everstore.storage.journals import JournalFiles
from everstore.wire import replies, requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import WITH_TIMESTAMPS, Type

_NAMES_A_WORKER = frozenset({Type.COMMIT, Type.ROLLBACK, Type.READ, Type.STATUS})
"""Requests whose header carries the worker that the new-transaction reply named. Any that exists will do: the name
decides.
"""


class Store:
    """The journals of one worker, the one with the number `worker` (from 1 on) of `workers`."""

    def __init__(
        self,
        worker: int,
        workers: int,
        disk: Disk,
        files: JournalFiles,
        group: GroupCommit,
        clock: Clock,
        lifetime_s: float,
    ) -> None:
        self._worker = worker
        self._workers = workers
        self._disk = disk
        self._files = files
        self._group = group
        self._clock = clock
        self._journals = Journals(files, clock)
        self._ledger = Ledger(self._journals, clock, lifetime_s)
        self._batch = Batch(worker)
        self._space = True
        self._counts = {"requests": 0, "commits": 0, "events": 0, "conflicts": 0, "refused": 0, "batches": 0}
        self._handlers: dict[int, Callable[[int, Frame], None]] = {
            Type.NEW_TRANSACTION: self._new_transaction,
            Type.COMMIT: self._commit,
            Type.ROLLBACK: self._rollback,
            Type.READ: self._read,
            Type.EXISTS: self._exists,
            Type.STATUS: self._status,
            Type.LIST: self._list,
        }

    def handle(self, connection: int, frame: Frame) -> None:
        """Decide one request of a connection; its answer comes out of `commit`."""
        self._counts["requests"] += 1
        try:
            if frame[0] in _NAMES_A_WORKER and not 1 <= frame[4] <= self._workers:
                raise Refused(Code.NO_SUCH_WORKER, f"there is no worker {frame[4]}, only 1 to {self._workers}")
            self._handlers[frame[0]](connection, frame)
        except Refused as refused:
            self._counts["refused"] += 1
            log.debug(refused.reason, worker=self._worker, connection=connection, request=Type(frame[0]).name.lower())
            self._batch.refuse(connection, frame[2], refused.code)

    def commit(self) -> list[Answer]:
        """Make everything decided since the last time durable, and return all answers in the order of their requests.

        Raises:
            StorageFailed: nobody may be answered; the process must end.
        """
        changed = list(self._batch.changed.values())
        without_room = self._group.commit(changed) if changed else set()
        self._counts["batches"] += bool(changed)
        for journal in changed:
            if journal not in without_room:
                journal.durable_size = journal.size
        for journal in without_room:
            log.error("the disk is full: nothing was written", worker=self._worker, journal=log.shown(journal.name))
            journal.size = journal.durable_size
            self._ledger.roll_back(journal)
        self._ledger.settle()
        return self._batch.take(without_room)

    def begin(self, arrived_bytes: int) -> None:
        """A batch begins, of requests of so many bytes: find out whether the disk has room for them."""
        self._space = self._group.has_space(arrived_bytes)

    def end_connection(self, connection: int) -> None:
        """A connection is gone: so are its transactions."""
        self._ledger.end_connection(connection)

    def look_after(self) -> None:
        """What has to be done now and then, between batches: end idle transactions, forget idle journals."""
        expired = self._ledger.expire()
        if expired:
            example = log.shown(expired[0].name)
            log.info(f"{len(expired)} transactions idled past their lifetime", worker=self._worker, journal=example)
        self._journals.drop_idle()

    def close(self) -> None:
        self._group.close()

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _new_transaction(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        journal = self._journals.get(requests.name_only(frame[5]))
        _check_size(journal.size, limits.JOURNAL_BYTES_MAX)
        transaction = self._ledger.open(connection, journal)
        reply = replies.new_transaction(uid, self._worker, journal.size, transaction.uid)
        self._batch.answer(connection, uid, reply, journal)

    def _commit(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        body = frame[5]
        name, transaction_uid, types_field, events_at = requests.commit(body)
        journal = self._journals.get(name)
        transaction = self._ledger.find(transaction_uid, name)
        check_events(body, events_at)
        types = types_of(types_field)
        events = events_at < len(body)
        success = not events or not self._ledger.conflicts(journal, types, transaction)
        lines = self._lines(journal, body, events_at) if success and events else b""
        self._counts["conflicts"] += not success
        self._ledger.end_by_commit(journal, transaction)
        if lines:
            self._append(journal, types, lines)
            self._counts["events"] += body.count(b"\n", events_at) + 1
        self._batch.answer(connection, uid, replies.commit(uid, self._worker, success, journal.size), journal)

    def _lines(self, journal: Journal, body: bytes, events_at: int) -> bytes | Lines:
        """What the commit will write. Refused here, it leaves the transaction open: the same commit may come again
        later.
        """
        if journal.damage:
            raise Refused(Code.CANNOT_WRITE, f"the journal is damaged: {journal.damage}")
        if not self._space:
            raise Refused(Code.CANNOT_WRITE, "the disk is full")
        journal.stamp = max(self._clock.stamp(), journal.stamp)
        lines = stamped(body, journal.stamp, events_at)
        _check_size(journal.size + len(lines) + 1, self._files.size_max)
        if journal.size == 0:
            self._files.prepare(journal.name)
        return lines

    def _append(self, journal: Journal, types: set[bytes], lines: bytes | Lines) -> None:
        if journal.size == 0:
            types.add(NEW_JOURNAL)
        journal.size += len(lines) + 1
        journal.pending.append(lines)
        self._batch.changed[journal.name] = journal
        self._ledger.declare(journal, types)
        self._counts["commits"] += 1

    def _rollback(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        name, transaction_uid = requests.rollback(frame[5])
        journal = self._journals.get(name)
        try:
            transaction = self._ledger.find(transaction_uid, name)
        except Refused:
            pass  # It is gone already, which is all that was wanted.
        else:
            self._ledger.end(transaction)
        self._batch.answer(connection, uid, replies.rollback(uid, self._worker), journal)

    def _read(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        name, offset, size = requests.read(frame[5])
        journal = self._journals.get(name)
        self._ledger.touch(connection, journal)
        size = min(size, journal.size)
        if offset > size:
            raise Refused(Code.READ_FAILED, f"the offset {offset} is past the size {size}")
        wanted = Wanted(journal, offset, size, bool(frame[3] & WITH_TIMESTAMPS))
        self._batch.answer(connection, uid, read_replies(self._files, wanted, uid, self._worker), journal)

    def _exists(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        journal = self._journals.get(requests.name_only(frame[5]))
        self._batch.answer(connection, uid, replies.exists(uid, self._worker, journal.size > 0), journal)

    def _status(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        requests.status(frame[5])
        status = {
            "worker": self._worker,
            "journals": len(self._journals),
            "transactions": len(self._ledger),
            **self._counts,
        }
        self._batch.answer(connection, uid, replies.status(uid, self._worker, orjson.dumps(status)), None)

    def _list(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        prefix, after, most = requests.listing(frame[5])
        self._batch.answer(connection, uid, Listing(self._disk, prefix, after, most).replies(uid, self._worker), None)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise Refused(Code.JOURNAL_TOO_LARGE, f"a journal of {size} bytes is over the limit of {most}")
