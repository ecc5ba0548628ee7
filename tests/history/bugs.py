"""Bugs for the real server: each is put in front of it as `sitecustomize`, and breaks one function."""

from __future__ import annotations

import os
from pathlib import Path

SERVER_BUGS = {
    "commits declare no types": """
        from everstore.engine.ledger import Ledger
        Ledger.declare = lambda self, journal, types: None
        """,
    "every commit with types conflicts": """
        from everstore.engine.ledger import Ledger
        Ledger.conflicts = lambda self, journal, types, transaction: bool(types)
        """,
    "nobody declares ES_NewJournal": """
        from everstore.engine import store
        store.NEW_JOURNAL = b"nothing"
        """,
    "the last event of a commit is dropped": """
        from everstore.engine import store
        right = store.stamped
        store.stamped = lambda events, stamp: right(events.rsplit(b"\\n", 1)[0], stamp)
        """,
    "events of one commit are written in reverse": """
        from everstore.engine import store
        right = store.stamped
        store.stamped = lambda events, stamp: right(b"\\n".join(events.split(b"\\n")[::-1]), stamp)
        """,
    "a commit is written twice": """
        from everstore.engine.store import Store
        right = Store._append
        def twice(self, journal, types, lines):
            right(self, journal, set(types), lines)
            right(self, journal, types, lines)
        Store._append = twice
        """,
    "some acknowledged commits are not written": """
        from everstore.engine.store import Store
        right = Store._append
        def some(self, journal, types, lines):
            if len(lines) % 3:
                right(self, journal, types, lines)
        Store._append = some
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
        """,
    "timestamps go back": """
        from everstore.clock import Clock
        import itertools
        numbers = itertools.count()
        Clock.stamp = lambda self: b"20%02d-01-01T00:00:00.000" % (90 - next(numbers) % 90)
        from everstore.engine import store
        store.max = lambda one, other: one
        """,
    "a new transaction is told a stale size": """
        from everstore.engine import store
        right = store.replies.new_transaction
        first = {}
        def stale(uid, worker, size, transaction):
            return right(uid, worker, first.setdefault(worker, 0), transaction)
        store.replies.new_transaction = stale
        """,
}


def environment(directory: Path, name: str) -> dict[str, str]:
    """Of a server that has the bug."""
    directory.mkdir()
    lines = [line[8:] for line in SERVER_BUGS[name].splitlines()]
    (directory / "sitecustomize.py").write_text("\n".join(lines) + "\n")
    return {**os.environ, "PYTHONPATH": f"{directory}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
