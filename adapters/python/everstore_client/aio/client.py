"""The async client: `connect_async`, and what can be asked of a server. Methods mean what they mean in `Client`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, Unpack, overload

import anyio

from .. import address as addresses
from .. import operations
from ..address import Address
from ..choice import Choice, Choosing, choice_of
from ..event import PLAIN, Codec, Event
from ..limits import CONFLICT_ATTEMPTS
from ..operations import REPEATABLE, Steps
from ..reading import reading_of
from ..registry import E, Registry
from ..retry import RUN_AGAIN, ask_pauses, conflict_pauses
from ..transactions import (
    Batch,
    Commit,
    Unchanged,
    append_steps,
    batch_of,
    decode_text,
    open_steps,
    raw_batch_of,
    unchanged_of,
)
from ..wire.replies import Listed
from . import streams
from .performer import AsyncPerformer
from .pool import AsyncPool
from .transaction import AsyncTransaction

T = TypeVar("T")


@overload
def connect_async(
    url: str, *, connections: int | None = None, timeout: float | None = None, lanes: bool = True
) -> AsyncClient[Event]: ...


@overload
def connect_async(
    url: str, *, registry: Registry[E], connections: int | None = None, timeout: float | None = None, lanes: bool = True
) -> AsyncClient[E]: ...


def connect_async(
    url: str,
    *,
    registry: Registry[Any] | None = None,
    connections: int | None = None,
    timeout: float | None = None,
    lanes: bool = True,
) -> AsyncClient[Any]:
    """A client to be entered with `async with`, which connects and logs in; the arguments are those of `connect`.

    Raises:
        BadUrl: at once. On entering: ConnectionLost, AuthenticationFailed, ProtocolError, Timeout.
    """
    return AsyncClient(addresses.parse(url, connections, timeout)._replace(lanes=lanes), registry or PLAIN)


class AsyncClient(Generic[E]):
    """A server, and the connections to it. Any number of tasks may share one client; their requests are pipelined."""

    def __init__(self, address: Address, codec: Codec[E]) -> None:
        self._address = address
        self._codec = codec

    async def __aenter__(self) -> Self:
        self._tasks = anyio.create_task_group()
        await self._tasks.__aenter__()
        self._pool = AsyncPool(self._address, self._tasks)
        try:
            await self._pool.start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @asynccontextmanager
    async def transaction(
        self, journal: str, *, must_be_new: bool = False
    ) -> AsyncGenerator[AsyncTransaction[E], None]:
        """A transaction on one journal: committed at a clean end of the block, rolled back when the block raises."""
        performer, opened = await self._repeat(lambda each: _and(each, each.perform(open_steps(journal))))
        transaction = AsyncTransaction(journal, opened, self._codec, must_be_new, performer, self._pool)
        try:
            yield transaction
            if transaction.is_open:
                await transaction.commit()
        finally:
            transaction.rollback()

    async def run(
        self,
        journal: str,
        function: Callable[[AsyncTransaction[E]], Awaitable[T]],
        *,
        attempts: int = CONFLICT_ATTEMPTS,
        must_be_new: bool = False,
    ) -> T:
        """Run `function` in a transaction, and again in a new one when it met a conflict; see `Client.run`."""
        for pause_s in conflict_pauses(attempts):
            try:
                return await self._run_once(journal, function, must_be_new)
            except RUN_AGAIN:
                await anyio.sleep(pause_s)
        return await self._run_once(journal, function, must_be_new)

    async def append(
        self,
        journal: str,
        *events: object,
        type: str | None = None,  # noqa: A002
        data: Any = None,
        must_be_new: bool = False,
        after: int | None = None,
        depends: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
    ) -> Commit:
        """One whole transaction that only appends; see `Client.append`."""
        batch = batch_of(self._codec, events, type, data, types)
        return await self._append(journal, batch, must_be_new, unchanged_of(after, depends, must_be_new, batch))

    async def append_raw(
        self,
        journal: str,
        *lines: str,
        must_be_new: bool = False,
        after: int | None = None,
        depends: Iterable[str] | None = None,
        types: Iterable[str] | None = None,
    ) -> Commit:
        """The same with ready lines `type SP json`, whose JSON is not looked at."""
        batch = raw_batch_of(lines, types)
        return await self._append(journal, batch, must_be_new, unchanged_of(after, depends, must_be_new, batch))

    @overload
    async def read(
        self,
        journal: str,
        since: int | datetime = 0,
        *,
        timestamps: Literal[False] = False,
        **choosing: Unpack[Choosing],
    ) -> list[E]: ...

    @overload
    async def read(
        self, journal: str, since: int | datetime = 0, *, timestamps: Literal[True], **choosing: Unpack[Choosing]
    ) -> list[Event]: ...

    async def read(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> list[Any]:
        """The journal's events; none when it does not exist. See `Client.read`."""
        return decode_text(
            await self.read_raw(journal, since, timestamps=timestamps, **choosing), self._codec, timestamps
        )

    async def read_raw(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> bytes:
        """The journal's text: lines joined by newlines."""
        choice = choice_of(since, choosing)
        return await self._perform(lambda: operations.read_journal(journal, choice, timestamps))

    @overload
    def stream(
        self,
        journal: str,
        since: int | datetime = 0,
        *,
        timestamps: Literal[False] = False,
        **choosing: Unpack[Choosing],
    ) -> AsyncGenerator[E, None]: ...

    @overload
    def stream(
        self, journal: str, since: int | datetime = 0, *, timestamps: Literal[True], **choosing: Unpack[Choosing]
    ) -> AsyncGenerator[Event, None]: ...

    async def stream(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> AsyncGenerator[Any, None]:
        """The same events one by one as they arrive, over a connection of their own.

        Close it with `contextlib.aclosing` when it may not be read to its end.
        """
        async with aclosing(self._pieces(journal, choice_of(since, choosing), timestamps)) as pieces:
            async for piece in pieces:
                for event in decode_text(piece, self._codec, timestamps):
                    yield event

    async def stream_raw(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> AsyncGenerator[bytes, None]:
        """The same lines as bytes, one by one, without their newline."""
        async with aclosing(self._pieces(journal, choice_of(since, choosing), timestamps)) as pieces:
            async for piece in pieces:
                for line in piece.split(b"\n"):
                    yield line

    async def exists(self, journal: str) -> bool:
        """Whether anything was ever committed to the journal."""
        return await self._perform(lambda: operations.exists(journal))

    async def journals(self, prefix: str = "", after: str = "") -> AsyncGenerator[str, None]:
        """The names that start with `prefix` and sort behind `after`, in byte order, asked for page by page."""
        page = await self._page(prefix, after)
        while True:
            for name in page.names:
                yield name
            if not page.more:
                return
            page = await self._page(prefix, page.names[-1])

    async def status(self) -> Any:
        """What the server says about itself: parsed JSON."""
        return await self._perform(lambda: operations.status(0))

    async def worker_status(self, worker: int) -> Any:
        """What one worker, counted from 1, says about itself."""
        return await self._perform(lambda: operations.status(worker))

    async def _end(self) -> None:
        """End the connections' tasks. What the block raised is not wrapped in a group: it leaves on its own."""
        self._pool.close()
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def _run_once(
        self, journal: str, function: Callable[[AsyncTransaction[E]], Awaitable[T]], must_be_new: bool
    ) -> T:
        async with self.transaction(journal, must_be_new=must_be_new) as transaction:
            return await function(transaction)

    async def _append(self, journal: str, batch: Batch, must_be_new: bool, unchanged: Unchanged | None) -> Commit:
        return await self._repeat(
            lambda each: each.perform(append_steps(journal, self._codec, must_be_new, batch, unchanged)),
            together=True,
        )

    async def _page(self, prefix: str, after: str) -> Listed:
        return await self._perform(lambda: operations.list_page(prefix, after))

    async def _pieces(self, journal: str, choice: Choice, timestamps: bool) -> AsyncGenerator[bytes, None]:
        opened, choice = await self._perform(lambda: operations.locate_choice(journal, choice))
        reading = reading_of(journal, opened, choice, timestamps)
        async with aclosing(streams.pieces(self._pool, reading)) as pieces:
            async for piece in pieces:
                yield piece

    async def _perform(self, steps: Callable[[], Steps[T]]) -> T:
        return await self._repeat(lambda performer: performer.perform(steps()))

    async def _repeat(self, attempt: Callable[[AsyncPerformer], Awaitable[T]], together: bool = False) -> T:
        """Try it, and again on another connection while a try certainly wrote nothing, with growing pauses between."""
        for pause_s in ask_pauses():
            performer = AsyncPerformer(self._pool, await self._pool.take(together))
            try:
                return await attempt(performer)
            except REPEATABLE:
                await anyio.sleep(pause_s)
        return await attempt(AsyncPerformer(self._pool, await self._pool.take(together)))


async def _and(performer: AsyncPerformer, rest: Awaitable[T]) -> tuple[AsyncPerformer, T]:
    return performer, await rest
