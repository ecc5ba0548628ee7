"""The answers of one batch, collected while requests are decided, given out when its commits are durable.

Each answer remembers the journal it speaks of: should the disk have no room for that journal's commits, then what
was said about it in this batch – sizes, conflicts, existence – never came true, and all of it is answered "cannot
write" instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from everstore.engine.journal import Journal
from everstore.errors import Code
from everstore.wire import replies

Parts: TypeAlias = Iterator[bytes]
"""A reply in parts, made while the client takes them."""

Answer: TypeAlias = tuple[int, "bytes | Parts"]
"""(connection, whole reply or its parts)."""

Reply: TypeAlias = "bytes | Parts | Callable[[set[Journal]], bytes]"
"""Of one that speaks of several journals: made when it is known for which of them there was no room."""


class Batch:
    """What is decided and not yet durable."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._answers: list[tuple[int, int, Reply, Journal | None]] = []
        self.changed: dict[bytes, Journal] = {}

    def answer(self, connection: int, uid: int, reply: Reply, journal: Journal | None) -> None:
        self._answers.append((connection, uid, reply, journal))

    def refuse(self, connection: int, uid: int, code: Code) -> None:
        self._answers.append((connection, uid, replies.error(uid, self._worker, code), None))

    def take(self, without_room: set[Journal]) -> list[Answer]:
        """All answers, in order; the batch is empty again."""
        answers, self._answers, self.changed = self._answers, [], {}
        found: list[Answer] = []
        for connection, uid, reply, journal in answers:
            if journal in without_room:
                reply = replies.error(uid, self._worker, Code.CANNOT_WRITE)
            found.append((connection, reply(without_room) if callable(reply) else reply))
        return found
