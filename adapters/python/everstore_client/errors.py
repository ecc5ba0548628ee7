"""Every exception of this package, and the wire code that each stands for.

Three questions tell them apart:

- *Was the commit written?* `Conflict` and every other error say no, for certain. Only `OutcomeUnknown` says: perhaps.
- *Whose mistake was it?* A `ServerError` is an answer of the server and carries its `code`. A `NotAcceptable` or
  `InvalidJournalName` may also be raised before anything is sent, when this package sees the mistake first.
- *Is it worth another try?* `Conflict` and `ConnectionLost` are: the transaction is gone, and a new one may succeed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class EverstoreError(Exception):
    """The base of all of them. `code` is the wire's number for it, None when it never crosses the wire."""

    code: int | None = None


class BadUrl(EverstoreError, ValueError):
    """A connection URL that cannot be used; the message names the part."""


class ConnectionLost(EverstoreError, ConnectionError):
    """No connection, or one that ended before the answer. Nothing was written: a commit is an `OutcomeUnknown`.

    Attributes:
        sent: whether the request may have reached the server.
    """

    sent = False


class Timeout(EverstoreError, TimeoutError):
    """No part of the answer came in time. Nothing was written: a commit raises `OutcomeUnknown` instead."""


class ProtocolError(EverstoreError):
    """The peer's bytes are not the protocol; the connection was closed. The only exception that leaves a decoder."""


class TransactionEnded(EverstoreError):
    """A transaction was used after it was committed, rolled back or lost: a mistake in the calling program."""


class UnknownEventType(EverstoreError, LookupError):
    """The registry has no class for an event's type, or no type for an object's class.

    Attributes:
        type: the type or the class's name that is not registered.
    """

    def __init__(self, message: str, type: str) -> None:  # noqa: A002
        super().__init__(message, type)
        self.type = type

    def __str__(self) -> str:
        return str(self.args[0])


class UnreadableEvent(EverstoreError, ValueError):
    """A stored event is not UTF-8, not JSON, or does not fit the class that its type is registered for."""


class OutcomeUnknown(EverstoreError):
    """The answer to a commit was lost: its events were written, or were not. Over native requests the server was asked
    again before, until the timeout, or said that it cannot know; to a server of version 1 it is never sent again.

    Read the journal to find out. Its `__cause__` is a `Timeout`, `ConnectionLost` or `UnknownError`.

    Attributes:
        journal: the journal's name.
    """

    def __init__(self, journal: str, reason: object) -> None:
        super().__init__(journal, str(reason))
        self.journal = journal

    def __str__(self) -> str:
        return "the commit to {} may or may not have happened: {}".format(*self.args)


class ServerError(EverstoreError):
    """An answer with an error code."""

    by_code: ClassVar[dict[int, type[ServerError]]] = {}

    def __init_subclass__(cls) -> None:
        if cls.code is not None:
            ServerError.by_code[cls.code] = cls


class UnknownError(ServerError):
    """Code 1: the worker died with the request in flight, too many transactions are open, or the request was wrong."""

    code = 1


class AuthenticationFailed(ServerError):
    """Code 2: the user or the password is wrong."""

    code = 2


class NoSuchWorker(ServerError):
    """Code 3: the worker named in the request does not exist."""

    code = 3


class TransactionExpired(ServerError):
    """Code 4: the transaction idled past its lifetime on the server. Nothing was written."""

    code = 4


class CannotRead(ServerError):
    """Code 5: the journal could not be read, or `since` is no former size of it."""

    code = 5


class NoSuchTransaction(ServerError):
    """Code 6: the server does not know the transaction: its worker was replaced. Nothing was written."""

    code = 6


class Conflict(ServerError):
    """Code 7: another commit to the journal declared one of the same types meanwhile. Nothing was written.

    Attributes:
        journal: the journal's name.
        types: the types that the refused commit declared, or that the refused append depended on.
        size: the journal's size in bytes when it was refused, to append `after` once the events have been looked at;
            None where it was never asked.
        until: the size up to which `events` reach; below `size` when there were too many to come along.
    """

    code = 7

    def __init__(
        self,
        journal: str,
        types: tuple[str, ...],
        size: int | None = None,
        until: int | None = None,
        events: Callable[[], list[Any]] | None = None,
    ) -> None:
        super().__init__(journal, types)
        self.journal = journal
        self.types = types
        self.size = size
        self.until = until
        self._events = events

    @property
    def events(self) -> list[Any] | None:
        """What came since, as reading gives it; None where the server did not tell.

        Raises:
            UnknownEventType, UnreadableEvent: the registry cannot make an object of an event.
        """
        return None if self._events is None else self._events()

    def __reduce__(self) -> tuple[Any, ...]:
        """The events stay behind when it crosses to another process: what reads them may not be able to."""
        return type(self), (self.journal, self.types, self.size, self.until)

    def __str__(self) -> str:
        return f"conflict on {self.journal}: another commit declared one of {', '.join(self.types)}"


class InvalidJournalName(ServerError, ValueError):
    """Code 8: the name breaks a rule of journal names."""

    code = 8


class NotAcceptable(ServerError, ValueError):
    """Code 13: an event or its type cannot stand on one line of a journal."""

    code = 13


class TooLarge(ServerError):
    """Code 14: the journal, or the request, is past what 32-bit sizes can say. Nothing was written."""

    code = 14


class CannotWrite(ServerError):
    """Code 15: the server's disk is full, or the journal is damaged. Nothing was written."""

    code = 15


class NotAllowed(ServerError):
    """Code 16: the user may only read, or may not touch this journal. Nothing was written."""

    code = 16


class NoSuchPosition(ServerError):
    """Code 17: an append's `after` is past the journal's end. Nothing was written."""

    code = 17


class NoLane(ServerError):
    """Code 18: the connection cannot become a lane now. This package then goes on without."""

    code = 18


def from_code(code: int) -> ServerError:
    """The exception for an error reply's `code`; a code that is not known becomes an `UnknownError` that carries it."""
    kind = ServerError.by_code.get(code, UnknownError)
    if kind is Conflict:
        kind = UnknownError
    error = kind(f"{_first_sentence(kind)} (code {code})")
    error.code = code
    return error


def _first_sentence(kind: type[ServerError]) -> str:
    text = (kind.__doc__ or kind.__name__).splitlines()[0]
    return text.partition(": ")[2].rstrip(".")
