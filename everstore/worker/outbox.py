"""Answers on their way to clients: in order for each connection, and long reads only as far as the client takes them.

A reply in parts is made while it is sent. Each connection has a credit of bytes for such parts; when it is used up,
this reply and all answers behind it wait until the supervisor says that the client has taken some. So a client that
does not read costs a bounded amount of memory, and nobody else anything.
"""

from __future__ import annotations

from collections import deque

from everstore import limits
from everstore.engine.batch import Answer, Parts


class Outbox:
    """What is to be sent (`take`), what waits for credit, and what waits for another step (`busy`)."""

    def __init__(self) -> None:
        self._ready: list[bytes] = []
        self._ready_bytes = 0  # of parts; when they are many, the others are made when these are gone
        self._waiting: dict[int, deque[bytes | Parts]] = {}
        self._used: dict[int, int] = {}  # bytes of parts not yet taken by the client
        self._working: set[int] = set()

    @property
    def busy(self) -> bool:
        """True while a reply could be worked on without anything else happening."""
        return bool(self._working)

    @property
    def has_ready(self) -> bool:
        """True while `take` would give something."""
        return bool(self._ready)

    @property
    def working(self) -> list[int]:
        """The connections whose replies the next `work` takes a step on."""
        return list(self._working)

    def holds(self, connection: int) -> bool:
        """True while answers to a connection wait for credit, or behind one that does."""
        return connection in self._waiting

    def put(self, answers: list[Answer]) -> None:
        for connection, reply in answers:
            waiting = self._waiting.get(connection)
            if waiting is not None:
                waiting.append(reply)
            elif isinstance(reply, bytes):
                self._ready.append(connection.to_bytes(4, "little") + reply)
            else:
                self._waiting[connection] = deque([reply])
                self._advance(connection)

    def credit(self, connection: int, taken: int) -> None:
        used = self._used.get(connection, 0) - taken
        if used > 0:
            self._used[connection] = used
        else:
            self._used.pop(connection, None)
        if connection in self._waiting:
            self._advance(connection)

    def forget(self, connection: int) -> None:
        self._waiting.pop(connection, None)
        self._used.pop(connection, None)
        self._working.discard(connection)

    def work(self) -> None:
        """Another step for each reply that needs steps."""
        for connection in list(self._working):
            self._advance(connection)

    def take(self) -> list[bytes]:
        """What may be sent now, as it travels on the channel."""
        ready, self._ready = self._ready, []
        self._ready_bytes = 0
        return ready

    def _advance(self, connection: int) -> None:
        waiting = self._waiting[connection]
        self._working.discard(connection)
        while waiting:
            reply = waiting[0]
            if not isinstance(reply, bytes) and not self._advance_parts(connection, reply):
                return
            if isinstance(reply, bytes):
                self._ready.append(connection.to_bytes(4, "little") + reply)
            waiting.popleft()
        del self._waiting[connection]

    def _advance_parts(self, connection: int, parts: Parts) -> bool:
        """Send as many parts as credit allows; True when that was all of them."""
        while self._used.get(connection, 0) < limits.CREDIT_BYTES:
            if self._ready_bytes >= limits.CREDIT_BYTES:
                self._working.add(connection)
                return False
            part = next(parts, None)
            if part is None:
                return True
            if not part:
                self._working.add(connection)
                return False
            self._used[connection] = self._used.get(connection, 0) + len(part)
            self._ready_bytes += len(part)
            self._ready.append(connection.to_bytes(4, "little") + part)
        return False
