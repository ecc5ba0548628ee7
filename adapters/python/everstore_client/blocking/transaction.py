"""A transaction over a blocking connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, overload

from ..event import Codec, Event
from ..limits import READ_WHOLE_BYTES_MAX
from ..reading import RangeReading
from ..registry import E
from ..transactions import Batch, Commit, OpenTransaction, decode_text
from ..wire.replies import Opened
from . import streams
from .performer import Performer
from .pool import Pool


class Transaction(OpenTransaction[E]):
    """An open transaction; `Client.transaction` makes it. Over native requests nothing is open on the server, and it
    outlives its connection; with a server that knows version 1 it ends with that.

    It sees the journal as it was when the transaction opened, for as long as it lives. For one thread at a time.
    """

    def __init__(
        self, journal: str, opened: Opened, codec: Codec[E], must_be_new: bool, performer: Performer, pool: Pool
    ) -> None:
        super().__init__(journal, opened, codec, must_be_new, Batch())
        self._performer = performer
        self._pool = pool

    @overload
    def read(self, since: int = 0, *, timestamps: Literal[False] = False) -> list[E]: ...

    @overload
    def read(self, since: int = 0, *, timestamps: Literal[True]) -> list[Event]: ...

    def read(self, since: int = 0, *, timestamps: bool = False) -> list[Any]:
        """The events that the journal held when the transaction opened; see `Client.read`."""
        return self._performer.perform(self._read_steps(since, timestamps))

    def read_raw(self, since: int = 0, *, timestamps: bool = False) -> bytes:
        """The same as bytes, lines joined by newlines; see `Client.read_raw`."""
        return self._performer.perform(self._text_steps(since, timestamps))

    def stream(self, since: int = 0) -> Iterator[E]:
        """The same events one by one, in little memory: a long read gets a connection of its own."""
        self._must_be_open()
        if self.size - since <= READ_WHOLE_BYTES_MAX:
            yield from self.read(since)
            return
        for piece in streams.pieces(self._pool, RangeReading(self.journal, self._opened, since, timestamps=False)):
            yield from decode_text(piece, self._codec, timestamps=False)

    def commit(self, types: Iterable[str] | None = None) -> Commit:
        """Write what was appended, all or nothing. With nothing appended it only ends the transaction.

        Args:
            types: what the commit declares, in place of the events' own types and of those that `declare` named.

        Raises:
            Conflict: one of the types was declared by another commit since the transaction opened. Nothing was written.
            OutcomeUnknown: the answer was lost; the events were written, or were not.
            TransactionExpired, NoSuchTransaction, ConnectionLost: the transaction was gone. Nothing was written.
            NotAcceptable, TooLarge, CannotWrite: nothing was written.
            TransactionEnded: it is over already.
        """
        # Notices a server that has left, so that the commit is certainly not sent to it.
        self._performer.connection.is_alive()
        return self._performer.perform(self._commit_steps(types))

    def rollback(self) -> None:
        """Give it up. Never fails, and does nothing when it is over."""
        if self.is_open:
            self._performer.perform(self._rollback_steps())
