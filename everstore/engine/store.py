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
from dataclasses import dataclass

import orjson

from everstore import limits, log
from everstore.clock import Clock
from everstore.engine.appends import Appender, told
from everstore.engine.batch import Answer, Batch
from everstore.engine.fetches import fetched_replies
from everstore.engine.group_commit import GroupCommit
from everstore.engine.journal import Journal, Journals
from everstore.engine.ledger import Ledger
from everstore.engine.listing import Listing
from everstore.engine.outcomes import Outcomes
from everstore.engine.reads import Wanted, read_replies
from everstore.engine.writing import Writing, check_size
from everstore.errors import Code, Refused
from everstore.journal.conflicts import types_of
from everstore.journal.names import owner
from everstore.journal.text import check_events
from everstore.storage.disk import Disk
from everstore.storage.journals import JournalFiles
from everstore.storage.remembered import Remembered
from everstore.wire import native, replies, requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import WITH_TIMESTAMPS, Type

_NAMES_A_WORKER = frozenset({Type.COMMIT, Type.ROLLBACK, Type.READ, Type.STATUS})
"""Requests whose header carries the worker that the new-transaction reply named. Any that exists will do: the name
decides.
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Of a worker, the one with the number `worker` (from 1 on) of `workers`, in one `run` of the server."""

    worker: int
    workers: int
    run: int

    def owns(self, name: bytes) -> bool:
        """True when the journal is this worker's."""
        return owner(name, self.workers) == self.worker


class Store:
    """The journals of one worker. `recovered`: what its predecessors knew."""

    def __init__(
        self,
        place: Place,
        disk: Disk,
        files: JournalFiles,
        group: GroupCommit,
        clock: Clock,
        lifetime_s: float,
        recovered: Remembered,
    ) -> None:
        worker = self._worker = place.worker
        self._workers = place.workers
        self._disk = disk
        self._files = files
        self._group = group
        self._clock = clock
        self._began = clock.monotonic()
        self._journals = Journals(files, clock, self._dropped)
        self._ledger = Ledger(self._journals, clock, lifetime_s, recovered)
        self._outcomes = Outcomes(clock, place.run, recovered)
        self._batch = Batch(worker)
        self._writing = Writing(files, self._ledger, clock, self._batch)
        self._appender = Appender(self._journals, self._ledger, self._outcomes, self._writing, place.owns)
        self._counts = {"requests": 0, "conflicts": 0, "refused": 0, "batches": 0}
        self._events = 0
        group.remembered = self._remembered
        self._handlers: dict[int, Callable[[int, Frame], None]] = {
            Type.NEW_TRANSACTION: self._new_transaction,
            Type.COMMIT: self._commit,
            Type.ROLLBACK: self._rollback,
            Type.READ: self._read,
            Type.EXISTS: self._exists,
            Type.STATUS: self._status,
            Type.LIST: self._list,
            Type.APPEND: self._append,
            Type.FETCH: self._fetch,
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
            journal.notes.clear()
        for journal in without_room:
            log.error("the disk is full: nothing was written", worker=self._worker, journal=log.shown(journal.name))
            journal.size = journal.durable_size
            self._ledger.roll_back(journal)
        self._ledger.settle()
        self._outcomes.settle({journal.name for journal in without_room})
        return self._batch.take(without_room)

    def begin(self, arrived_bytes: int) -> None:
        """A batch begins, of requests of so many bytes: find out whether the disk has room for them."""
        self._writing.space = self._group.has_space(arrived_bytes)

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
        if self._clock.monotonic() - self._began > limits.IDLE_JOURNAL_S:
            self._ledger.forget_recovered()

    def close(self) -> None:
        self._group.close()

    # ---- requests ---------------------------------------------------------------------------------------------------

    def _new_transaction(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        journal = self._journals.get(requests.name_only(frame[5]))
        check_size(journal.size, limits.JOURNAL_BYTES_MAX)
        transaction = self._ledger.open(connection, journal)
        reply = replies.new_transaction(uid, self._worker, journal.size, transaction.uid)
        self._batch.answer(connection, uid, reply, journal)

    def _commit(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        body = frame[5]
        name, transaction_uid, types_field, events_at = requests.commit(body)
        journal = self._journals.get(name)
        transaction = self._ledger.find(transaction_uid, name)
        check_size(journal.size, limits.JOURNAL_BYTES_MAX)  # Appends may have made it longer since it was opened.
        check_events(body, events_at, len(body))
        types = types_of(types_field)
        events = events_at < len(body)
        success = not events or not self._ledger.conflicts(journal, types, transaction)
        lines = (
            self._writing.lines(journal, body, events_at, len(body), limits.JOURNAL_BYTES_MAX)
            if success and events
            else b""
        )
        self._counts["conflicts"] += not success
        self._ledger.end_by_commit(journal, transaction)
        if lines:
            self._writing.append(journal, types, lines)
            self._events += body.count(b"\n", events_at) + 1
        self._batch.answer(connection, uid, replies.commit(uid, self._worker, success, journal.size), journal)

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

    def _append(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        decided = self._appender.decide(native.appends(frame[5]))
        self._counts["conflicts"] += sum(each.code == Code.CONFLICT for each in decided)

        def reply(without_room: set[Journal]) -> bytes:
            return native.outcomes(uid, self._worker, told(self._files, decided, without_room))

        self._batch.answer(connection, uid, reply, None)

    def _fetch(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        wanted = native.fetch(frame[5])
        journal = self._journals.get(wanted.name)
        with_stamps = bool(frame[3] & WITH_TIMESTAMPS)
        parts = fetched_replies(self._files, journal, journal.size, wanted, with_stamps, uid, self._worker)
        self._batch.answer(connection, uid, parts, journal)

    def _dropped(self, journal: Journal) -> None:
        self._ledger.dropped(journal)

    def _remembered(self) -> Remembered:
        remembered = self._outcomes.remembered()
        remembered.journals = self._ledger.remembered()
        return remembered

    def _status(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        requests.status(frame[5])
        status = {
            "worker": self._worker,
            "journals": len(self._journals),
            "transactions": len(self._ledger),
            "commits": self._writing.commits,
            "events": self._events + self._appender.events,
            **self._counts,
        }
        self._batch.answer(connection, uid, replies.status(uid, self._worker, orjson.dumps(status)), None)

    def _list(self, connection: int, frame: Frame) -> None:
        uid = frame[2]
        prefix, after, most = requests.listing(frame[5])
        self._batch.answer(connection, uid, Listing(self._disk, prefix, after, most).replies(uid, self._worker), None)
