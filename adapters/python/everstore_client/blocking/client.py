"""The blocking client: `connect`, and what can be asked of a server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, Unpack, overload

from .. import address as addresses
from .. import operations
from ..choice import Choice, Choosing, choice_of
from ..event import PLAIN, Codec, Event
from ..limits import CONFLICT_ATTEMPTS, PIPELINE_REQUESTS
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
from .performer import Performer
from .pipeline import Pipeline
from .pool import Pool
from .transaction import Transaction

T = TypeVar("T")


@overload
def connect(
    url: str, *, connections: int | None = None, timeout: float | None = None, lanes: bool = True
) -> Client[Event]: ...


@overload
def connect(
    url: str, *, registry: Registry[E], connections: int | None = None, timeout: float | None = None, lanes: bool = True
) -> Client[E]: ...


def connect(
    url: str,
    *,
    registry: Registry[Any] | None = None,
    connections: int | None = None,
    timeout: float | None = None,
    lanes: bool = True,
) -> Client[Any]:
    """Connect to a server and log in.

    Args:
        url: `everstore://user:password@host:port?timeout=30&connections=6`. Everything behind the scheme may be left
            out: it is `admin` and `passwd` at port 6929 of localhost then. Percent-encode what is special in URLs.
        registry: which classes stand for which event types; without one, every event is an `Event`.
        connections: how many to open at most; more are opened only while the others are busy.
        timeout: seconds that may pass without any part of an answer.
        lanes: let a busy connection open further ones, each to one of the server's workers; nothing else changes.

    Raises:
        BadUrl, ConnectionLost, AuthenticationFailed, ProtocolError, Timeout
    """
    return Client(Pool(addresses.parse(url, connections, timeout)._replace(lanes=lanes)), registry or PLAIN)


class Client(Generic[E]):
    """A server, and the connections to it. Any number of threads may share one client; make it with `connect`.

    What only asks (read, exists, journals, status, opening a transaction) is asked again by itself when its
    connection was lost. What writes is sent again until it is answered where the server knows it again, and never
    by a server that knows version 1.
    """

    def __init__(self, pool: Pool, codec: Codec[E]) -> None:
        self._pool = pool
        self._codec = codec

    @contextmanager
    def transaction(self, journal: str, *, must_be_new: bool = False) -> Iterator[Transaction[E]]:
        """A transaction on one journal: committed at a clean end of the block, rolled back when the block raises.

        Args:
            must_be_new: the commit conflicts when the journal already exists, or is created by somebody else first.

        Raises:
            InvalidJournalName, ConnectionLost, Timeout: it could not be opened.
            Conflict, OutcomeUnknown, ...: see `Transaction.commit`.
        """
        performer, opened = self._repeat(lambda each: (each, each.perform(open_steps(journal))))
        transaction = Transaction(journal, opened, self._codec, must_be_new, performer, self._pool)
        try:
            yield transaction
            if transaction.is_open:
                transaction.commit()
        finally:
            transaction.rollback()

    def run(
        self,
        journal: str,
        function: Callable[[Transaction[E]], T],
        *,
        attempts: int = CONFLICT_ATTEMPTS,
        must_be_new: bool = False,
    ) -> T:
        """Run `function` in a transaction, and again in a new one when it met a conflict; returns what it returned.

        It is also run again when the transaction was lost before anything was written, never on an `OutcomeUnknown`.

        Args:
            attempts: how often it is run at most, with growing random pauses between.

        Raises:
            Conflict: the last attempt met one too.
        """
        for pause_s in conflict_pauses(attempts):
            try:
                return self._run_once(journal, function, must_be_new)
            except RUN_AGAIN:
                time.sleep(pause_s)
        return self._run_once(journal, function, must_be_new)

    def append(
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
        """One whole transaction that only appends: objects, or one event given by `type` and `data`.

        Args:
            must_be_new: the journal does not exist yet.
            after: a size of the journal, since which no event may have come of a type that this append depends on.
            depends: the types that it depends on; those that it declares unless they are given.
            types: what it declares, in place of the events' own types.

        Raises:
            Conflict: one of these conditions does not hold; it says what came. With a server that knows version 1 also
                when somebody committed one of the types in the moment between opening and committing.
            OutcomeUnknown, ...: see `Transaction.commit`.
        """
        batch = batch_of(self._codec, events, type, data, types)
        return self._append(journal, batch, must_be_new, unchanged_of(after, depends, must_be_new, batch))

    def append_raw(
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
        return self._append(journal, batch, must_be_new, unchanged_of(after, depends, must_be_new, batch))

    @overload
    def read(
        self,
        journal: str,
        since: int | datetime = 0,
        *,
        timestamps: Literal[False] = False,
        **choosing: Unpack[Choosing],
    ) -> list[E]: ...

    @overload
    def read(
        self, journal: str, since: int | datetime = 0, *, timestamps: Literal[True], **choosing: Unpack[Choosing]
    ) -> list[Event]: ...

    def read(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> list[Any]:
        """The journal's events; none when it does not exist.

        Args:
            since: a former size of the journal in bytes (`Commit.size`, `Transaction.size`): only what came later; or
                an aware datetime: only events of then or later.
            timestamps: return `Event` objects with their `timestamp`, also with a registry; its `decode` takes one.
            choosing: `until`, `types`, `last` and `newest_first`, see `Choosing`. The server leaves out the others;
                where it knows version 1 only, they are left out here.

        Raises:
            CannotRead: `since` or `until` is no former size.
            ValueError: they contradict each other, or a datetime has no time zone.
            UnknownEventType, UnreadableEvent: the registry cannot make an object of an event.
        """
        return decode_text(self.read_raw(journal, since, timestamps=timestamps, **choosing), self._codec, timestamps)

    def read_raw(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> bytes:
        """The journal's text: lines `type SP json` joined by newlines, behind `timestamp SP` if asked for."""
        choice = choice_of(since, choosing)
        return self._perform(lambda: operations.read_journal(journal, choice, timestamps))

    @overload
    def stream(
        self,
        journal: str,
        since: int | datetime = 0,
        *,
        timestamps: Literal[False] = False,
        **choosing: Unpack[Choosing],
    ) -> Iterator[E]: ...

    @overload
    def stream(
        self, journal: str, since: int | datetime = 0, *, timestamps: Literal[True], **choosing: Unpack[Choosing]
    ) -> Iterator[Event]: ...

    def stream(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> Iterator[Any]:
        """The same events one by one as they arrive, in little memory, over a connection of their own."""
        pieces = self._pieces(journal, choice_of(since, choosing), timestamps)
        return (event for piece in pieces for event in decode_text(piece, self._codec, timestamps))

    def stream_raw(
        self, journal: str, since: int | datetime = 0, *, timestamps: bool = False, **choosing: Unpack[Choosing]
    ) -> Iterator[bytes]:
        """The same lines as bytes, one by one, without their newline."""
        pieces = self._pieces(journal, choice_of(since, choosing), timestamps)
        return (line for piece in pieces for line in piece.split(b"\n"))

    def exists(self, journal: str) -> bool:
        """Whether anything was ever committed to the journal."""
        return self._perform(lambda: operations.exists(journal))

    def journals(self, prefix: str = "", after: str = "") -> Iterator[str]:
        """The names that start with `prefix` and sort behind `after`, in byte order, asked for page by page."""
        page = self._page(prefix, after)
        while page.more:
            yield from page.names
            page = self._page(prefix, page.names[-1])
        yield from page.names

    def status(self) -> Any:
        """What the server says about itself: parsed JSON."""
        return self._perform(lambda: operations.status(0))

    def worker_status(self, worker: int) -> Any:
        """What one worker, counted from 1, says about itself.

        Raises:
            NoSuchWorker: there is none with this number.
        """
        return self._perform(lambda: operations.status(worker))

    @contextmanager
    def pipeline(self, requests: int = PIPELINE_REQUESTS) -> Iterator[Pipeline[E]]:
        """Many operations in flight at once, from one thread. At most `requests` of them; then the next one waits."""
        pipeline = Pipeline(self._pool, self._codec, requests)
        try:
            yield pipeline
            pipeline.finish()
        finally:
            pipeline.abandon()
        pipeline.raise_unasked()

    def close(self) -> None:
        """Close every connection. Open transactions are rolled back by the server."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run_once(self, journal: str, function: Callable[[Transaction[E]], T], must_be_new: bool) -> T:
        with self.transaction(journal, must_be_new=must_be_new) as transaction:
            return function(transaction)

    def _append(self, journal: str, batch: Batch, must_be_new: bool, unchanged: Unchanged | None) -> Commit:
        return self._repeat(
            lambda each: each.perform(append_steps(journal, self._codec, must_be_new, batch, unchanged)),
            together=True,
        )

    def _page(self, prefix: str, after: str) -> Listed:
        return self._perform(lambda: operations.list_page(prefix, after))

    def _pieces(self, journal: str, choice: Choice, timestamps: bool) -> Iterator[bytes]:
        opened, choice = self._perform(lambda: operations.locate_choice(journal, choice))
        return streams.pieces(self._pool, reading_of(journal, opened, choice, timestamps))

    def _perform(self, steps: Callable[[], Steps[T]]) -> T:
        return self._repeat(lambda performer: performer.perform(steps()))

    def _repeat(self, attempt: Callable[[Performer], T], together: bool = False) -> T:
        """Try it, and again on another connection while a try certainly wrote nothing, with growing pauses between."""
        for pause_s in ask_pauses():
            performer = Performer(self._pool, self._pool.take(together))
            try:
                return attempt(performer)
            except REPEATABLE:
                time.sleep(pause_s)
        return attempt(Performer(self._pool, self._pool.take(together)))
