"""A transaction over an async connection."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from typing import Any, Literal, overload

from ..event import Codec, Event
from ..limits import READ_WHOLE_BYTES_MAX
from ..reading import RangeReading
from ..registry import E
from ..transactions import Batch, Commit, OpenTransaction, decode_text
from ..wire.replies import Opened
from . import streams
from .performer import AsyncPerformer
from .pool import AsyncPool


class AsyncTransaction(OpenTransaction[E]):
    """An open transaction; `AsyncClient.transaction` makes it. Everything means what it means in `Transaction`."""

    def __init__(
        self,
        journal: str,
        opened: Opened,
        codec: Codec[E],
        must_be_new: bool,
        performer: AsyncPerformer,
        pool: AsyncPool,
    ) -> None:
        super().__init__(journal, opened, codec, must_be_new, Batch())
        self._performer = performer
        self._pool = pool

    @overload
    async def read(self, since: int = 0, *, timestamps: Literal[False] = False) -> list[E]: ...

    @overload
    async def read(self, since: int = 0, *, timestamps: Literal[True]) -> list[Event]: ...

    async def read(self, since: int = 0, *, timestamps: bool = False) -> list[Any]:
        """The events that the journal held when the transaction opened."""
        return await self._performer.perform(self._read_steps(since, timestamps))

    async def read_raw(self, since: int = 0, *, timestamps: bool = False) -> bytes:
        """The same as bytes, lines joined by newlines."""
        return await self._performer.perform(self._text_steps(since, timestamps))

    async def stream(self, since: int = 0) -> AsyncGenerator[E, None]:
        """The same events one by one, in little memory: a long read gets a connection of its own."""
        self._must_be_open()
        if self.size - since <= READ_WHOLE_BYTES_MAX:
            for event in await self.read(since):
                yield event
            return
        reading = RangeReading(self.journal, self._opened, since, timestamps=False)
        async with aclosing(streams.pieces(self._pool, reading)) as pieces:
            async for piece in pieces:
                for event in decode_text(piece, self._codec, timestamps=False):
                    yield event

    async def commit(self, types: Iterable[str] | None = None) -> Commit:
        """Write what was appended, all or nothing; raises as `Transaction.commit` does.

        Cancelled while the answer is awaited, it leaves the outcome unknown.
        """
        return await self._performer.perform(self._commit_steps(types))

    def rollback(self) -> None:
        """Give it up. Never fails or waits, and does nothing when it is over."""
        if self.is_open:
            self._performer.connection.tell_all(self._rollback_steps())
