"""Bugs for the real server: each is put in front of it, and breaks one function."""

from __future__ import annotations

BUGS = {
    "commits declare no types": """
        from everstore.engine.ledger import Ledger
        Ledger.declare = lambda self, journal, types: None
        """,
    "every commit with types conflicts": """
        from everstore.engine.ledger import Ledger
        Ledger.conflicts = lambda self, journal, types, transaction: bool(types)
        """,
    "nobody declares ES_NewJournal": """
        from everstore.engine import writing
        writing.NEW_JOURNAL = b"nothing"
        """,
    "the last event of a commit is dropped": """
        from everstore.engine import writing
        right = writing.stamped
        writing.stamped = lambda body, stamp, at, end: right(
            body, stamp, at, body.rfind(b"\\n", at, end) if b"\\n" in body[at:end] else end)
        """,
    "events of one commit are written in reverse": """
        from everstore.engine import writing
        right = writing.stamped
        writing.stamped = lambda body, stamp, at, end: right(
            b"\\n".join(body[at:end].split(b"\\n")[::-1]), stamp, 0, end - at)
        """,
    "a commit is written twice": """
        from everstore.engine.writing import Writing
        right = Writing.append
        def twice(self, journal, types, lines, *by):
            right(self, journal, set(types), lines, *by)
            right(self, journal, types, lines, *by)
        Writing.append = twice
        """,
    "some acknowledged commits are not written": """
        from everstore.engine.writing import Writing
        right = Writing.append
        def some(self, journal, types, lines, *by):
            if len(lines) % 3:
                right(self, journal, types, lines, *by)
        Writing.append = some
        """,
    "a conflict is told and written all the same": """
        from everstore.engine import store
        wrong = store.replies.commit
        store.replies.commit = lambda uid, worker, success, size: wrong(uid, worker, success and size % 3 > 0, size)
        """,
    "the size in an answer is one too small": """
        from everstore.engine import store
        right = store.replies.commit
        store.replies.commit = lambda uid, worker, success, size: right(uid, worker, success, size - 1)
        """,
    "a transaction may commit to any journal": """
        from everstore.journal.transactions import Transactions
        right = Transactions.find
        def any_journal(self, uid, name):
            return self._open[uid] if uid in self._open else right(self, uid, name)
        Transactions.find = any_journal
        from everstore.engine.ledger import Ledger
        Ledger.conflicts = lambda self, journal, types, transaction: False
        Ledger.end_by_commit = lambda self, journal, transaction: self.end(transaction)
        """,
    "timestamps go back": """
        from everstore.clock import Clock
        import itertools
        numbers = itertools.count()
        Clock.stamp = lambda self: b"20%02d-01-01T00:00:00.000" % (90 - next(numbers) % 90)
        from everstore.engine import writing
        writing.max = lambda one, other: one
        """,
    "a new transaction is told a stale size": """
        from everstore.engine import store
        right = store.replies.new_transaction
        first = {}
        def stale(uid, worker, size, transaction):
            return right(uid, worker, first.setdefault(worker, 0), transaction)
        store.replies.new_transaction = stale
        """,
    "a commit conflicts only if all of its types were declared": """
        from everstore.journal.conflicts import Declared
        Declared.conflicting = lambda self, types, opened_at: (
            b"all" if types and all(self._last.get(each, 0) > opened_at for each in types) else None)
        """,
    "a commit conflicts with what it saw": """
        from everstore.journal.conflicts import Declared
        Declared.conflicting = lambda self, types, opened_at: next(
            (each for each in types if self._last.get(each, 0) >= opened_at and each in self._last), None)
        """,
    "types are declared at the size before their commit": """
        from everstore.engine.ledger import Ledger
        from everstore.journal.conflicts import Declared
        sizes = {}
        right = Declared.declare
        def before(self, types, size):
            right(self, types, sizes.get(id(self), 0))
            sizes[id(self)] = size
        Declared.declare = before
        """,
    "one type of a commit is lost": """
        from everstore.engine import store
        right = store.types_of
        store.types_of = lambda field: set(sorted(right(field))[:1])
        """,
    "types are split at newlines only": """
        from everstore.engine import store
        store.types_of = lambda field: set(field.split(b"\\n")) - {b""}
        """,
    "every commit declares ES_NewJournal": """
        from everstore.engine.ledger import Ledger
        right = Ledger.declare
        Ledger.declare = lambda self, journal, types: right(self, journal, types | {b"ES_NewJournal"})
        """,
    "the types of a commit are forgotten when another transaction ends": """
        from everstore.engine.ledger import Ledger
        from everstore.journal.conflicts import Declared
        right = Ledger._left
        def forgetting(self, transaction):
            right(self, transaction)
            journal = self._journals.get(transaction.name)
            if journal.declared is not None:
                journal.declared = self._remembering[journal.name] = Declared()
        Ledger._left = forgetting
        """,
    "a transaction is noted as opened at the durable size": """
        from everstore.journal.transactions import Transactions
        from everstore.engine.ledger import Ledger
        right = Ledger.open
        def opened(self, connection, journal):
            transaction = right(self, connection, journal)
            transaction.opened_at = journal.durable_size
            return transaction
        Ledger.open = opened
        """,
    "commits of one batch are decided without each other": """
        from everstore.engine.ledger import Ledger
        from everstore.engine.store import Store
        declare, commit = Ledger.declare, Store.commit
        later = []
        Ledger.declare = lambda self, journal, types: later.append((self, journal, types, journal.size))
        def committed(self):
            answers = commit(self)
            for ledger, journal, types, size in later:
                if journal.declared is not None:
                    journal.declared.declare(types, size)
            later.clear()
            return answers
        Store.commit = committed
        """,
    "transactions get the lowest number that is free": """
        from itertools import count
        from everstore.journal.transactions import Transactions
        Transactions._next_uid = lambda self: next(uid for uid in count(1) if uid not in self._open)
        """,
    "a rollback leaves the transaction open": """
        from everstore.engine.store import Store
        from everstore.wire import replies
        def kept(self, connection, frame):
            self._batch.answer(connection, frame[2], replies.rollback(frame[2], self._worker), None)
        Store._rollback = kept
        """,
    "a commit leaves the transaction open": """
        from everstore.engine.ledger import Ledger
        Ledger.end_by_commit = lambda self, journal, transaction: None
        Ledger._left = lambda self, transaction: None
        """,
    "a journal's size forgets the marker": """
        from everstore.engine.writing import Writing
        right = Writing.append
        def shorter(self, journal, types, lines, *by):
            right(self, journal, types, lines, *by)
            journal.size -= journal.size % 4 == 0
        Writing.append = shorter
        """,
    "of a journal's commits in one batch the last one is written": """
        from everstore.engine.group_commit import GroupCommit
        right = GroupCommit.commit
        def last(self, journals):
            for journal in journals:
                del journal.pending[:-1]
            return right(self, journals)
        GroupCommit.commit = last
        """,
    "a journal's commits in one batch are written in reverse": """
        from everstore.engine.group_commit import GroupCommit
        right = GroupCommit.commit
        def reverse(self, journals):
            for journal in journals:
                journal.pending.reverse()
            return right(self, journals)
        GroupCommit.commit = reverse
        """,
    "the marker is not turned": """
        from everstore.storage.journals import JournalFiles
        def unturned(self, name, base, data):
            fd = self._descriptor(name)
            self._disk.write(self._create(name) if fd is None else fd, base, data)
        JournalFiles.append = unturned
        """,
    "a commit has two timestamps": """
        from everstore.engine import writing
        right = writing.stamped
        def two(body, stamp, start, end):
            first, newline, rest = body[start:end].partition(b"\\n")
            later = newline + right(rest, b"2090" + stamp[4:], 0, len(rest)) if rest else b""
            return right(first, stamp, 0, len(first)) + later
        writing.stamped = two
        """,
    "the bodies of two answers in a row are swapped": """
        from everstore.engine.batch import Batch
        right = Batch.take
        def swapped(self, without_room):
            answers = right(self, without_room)
            for at in range(0, len(answers) - 1, 2):
                (one, first), (other, second) = answers[at : at + 2]
                if isinstance(first, bytes) and isinstance(second, bytes) and first[:8] == second[:8]:
                    answers[at : at + 2] = (one, first[:20] + second[20:]), (other, second[:20] + first[20:])
            return answers
        Batch.take = swapped
        """,
    "commits are answered before they are written": """
        from everstore.engine.store import Store
        right = Store.commit
        calls = 0
        def early(self):
            global calls
            calls += 1
            if calls < 100:
                return right(self)
            answers = self._batch.take(set())
            for journal in self._journals._used.values():
                journal.pending.clear()
                journal.durable_size = journal.size
            return answers
        Store.commit = early
        """,
    "a rejected commit can be read": """
        from everstore.engine.ledger import Ledger
        from everstore.engine.store import Store
        from everstore.engine import reads
        conflicts, parts, rejected = Ledger.conflicts, reads._parts, set()
        def noting(self, journal, types, transaction):
            conflicting = conflicts(self, journal, types, transaction)
            rejected.add(journal.name) if conflicting else rejected.discard(journal.name)
            return conflicting
        def dirty(files, wanted):
            for data, more in parts(files, wanted):
                yield data + (b"\\n" + b"dirty" * (wanted.journal.name in rejected) if not more else b""), more
        Ledger.conflicts, reads._parts = noting, dirty
        """,
    "reads are answered from a cache": """
        from everstore.engine import store
        right, cache = store.read_replies, {}
        store.read_replies = lambda files, wanted, uid, worker: right(
            files, cache.setdefault((wanted.journal.name, wanted.offset), wanted), uid, worker)
        """,
    "a byte is lost between two parts of a read": """
        from everstore.engine import reads
        def parts(files, wanted):
            held = b"".join(reads._pieces(files, wanted, reads._end_of_text(files, wanted)))
            while len(held) > 500:
                yield held[:500], True
                held = held[501:]
            yield held, False
        reads._parts = parts
        """,
    "the parts of two reads are mixed": """
        from everstore.engine import reads
        right, reads.PART_BYTES = reads._parts, 300
        before = [b""]
        def mixed(files, wanted):
            for number, (data, more) in enumerate(right(files, wanted)):
                yield (before[0] if number == 1 and len(before[0]) == len(data) else data), more
                before[0] = data
        reads._parts = mixed
        """,
    "a journal exists as soon as a transaction is open on it": """
        from everstore.engine.store import Store
        from everstore.wire import replies, requests
        def early(self, connection, frame):
            journal = self._journals.get(requests.name_only(frame[5]))
            there = journal.size > 0 or journal.open_count > 0
            self._batch.answer(connection, frame[2], replies.exists(frame[2], self._worker, there), journal)
        Store._exists = early
        """,
    "the size of a journal that was forgotten lacks its last line": """
        from everstore import limits
        from everstore.storage import journals
        limits.CACHED_JOURNALS_MAX = 3
        right = journals.JournalFiles._look
        def shorter(self, fd, damage):
            found = right(self, fd, damage)
            line = journals._last_line(self._disk, fd, found.size) if found.size else b""
            return journals.Loaded(found.size - len(line), found.stamp, damage) if line else found
        journals.JournalFiles._look = shorter
        """,
}

BUGS_OF_TWO_WORKERS = {
    "requests go to the worker that their header names": """
        from everstore.supervisor import switchboard
        from everstore.wire.layouts import Type
        right = switchboard.worker_for
        def named(frame, workers):
            owner = right(frame, workers)
            return frame[4] if 1 <= frame[4] <= workers else owner if frame[0] != Type.NEW_TRANSACTION else (
                frame[2] % workers + 1)
        switchboard.worker_for = named
        """,
}

BUGS_OF_A_DEATH = {
    "replay adds what is there already": """
        from everstore.storage import replay
        def added(disk, fd, path, part):
            size = disk.size(fd)
            disk.write(fd, size, bytes(part.image))
            if size:
                disk.write(fd, size - 1, b"\\n")
        replay._overwrite = added
        """,
    "replay cuts off what the last record holds": """
        from everstore.storage import recovery, replay
        right = recovery.decode
        def shorter(data):
            found = right(data)
            del found.batches[-1:]
            return found
        recovery.decode = shorter
        replay._fault = lambda disk, fd, part: ""
        """,
    "replay skips the last record": """
        from everstore.storage import recovery
        right = recovery.decode
        def shorter(data):
            found = right(data)
            del found.batches[-1:]
            return found
        recovery.decode = shorter
        """,
    "replay writes one byte too far": """
        from everstore.storage import replay
        from dataclasses import replace
        right = replay._parts
        def shifted(batches):
            parts = right(batches)
            for part in parts.values():
                part.base += 1
                part.reach += 1
            return parts
        replay._parts = shifted
        """,
    "replay forgets what a journal's second record of an epoch holds": """
        from everstore.storage import replay
        right = replay._parts
        def firsts(batches):
            seen = set()
            first = [[each for each in batch if not (each.name in seen or seen.add(each.name))] for batch in batches]
            return right(first)
        replay._parts = firsts
        replay._fault = lambda disk, fd, part: ""
        """,
    "a write waits for the next batch": """
        from everstore.engine.group_commit import GroupCommit
        from everstore.storage.records import APPEND, Entry
        waiting = []
        def later(self, journals):
            entries = [Entry(APPEND, each.name, each.durable_size, b"\\n".join(each.take_pending()) + b"\\0")
                       for each in journals]
            before = waiting[:]
            waiting[:] = [entries]
            for each in before:
                self._write_log(each)
                for entry in each:
                    self._files.append(entry.name, entry.base, entry.data)
            return set()
        GroupCommit.commit = later
        """,
    "what a dead worker had in flight is answered as done": """
        from everstore.supervisor import client
        class Replies:
            @staticmethod
            def error(uid, worker, code):
                return right.commit(uid, worker, True, 0)
        right, client.replies = client.replies, Replies
        """,
    "a worker's successor knows no older types, and takes old transactions": """
        from everstore.journal.transactions import Transaction, Transactions
        right = Transactions.find
        def found(self, uid, name):
            transaction = self._open.get(uid)
            if transaction is None and uid not in self._of_connection.get(0, {}):
                self._open[uid] = transaction = Transaction(uid, 0, name, 2**40, 0.0)
                self._of_connection.setdefault(0, {}).setdefault(name, set()).add(uid)
            return right(self, uid, name)
        Transactions.find = found
        from everstore.engine.ledger import Ledger
        Ledger._left = lambda self, transaction: None
        Ledger.conflicts = lambda self, journal, types, transaction: False
        """,
}
