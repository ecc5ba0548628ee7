"""What a client does, step by step, without a connection: generators that yield requests and are sent the replies.

A shell drives them: it says each `Request` and sends its reply in, or throws the error; a `Tell` it says and goes on.
So the blocking client and the async one decide nothing twice.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, NamedTuple, TypeVar

from .errors import ConnectionLost, NoSuchTransaction, OutcomeUnknown, ProtocolError, Timeout, UnknownError
from .limits import LIST_NAMES
from .names import journal_bytes, prefix_bytes
from .wire import requests
from .wire.replies import Committed, Listed, Opened
from .wire.requests import Request

R = TypeVar("R")
T = TypeVar("T")


class Tell(NamedTuple):
    """A request whose answer matters to nobody."""

    request: Request[Any]


Step = Request[Any] | Tell
Steps = Generator[Step, Any, T]

REPEATABLE = (ConnectionLost, UnknownError, NoSuchTransaction)
"""After these nothing was written, for certain, and another connection or the next worker may do better."""


def ask(request: Request[R]) -> Steps[R]:
    reply: R = yield request
    return reply


def open_transaction(name: bytes) -> Steps[Opened]:
    return (yield from ask(requests.new_transaction(name)))


def end_transaction(name: bytes, opened: Opened) -> Tell:
    """Rolling back is only told: the answer is the same, whatever became of the transaction."""
    return Tell(requests.rollback(name, opened.worker, opened.transaction))


def range_request(journal: str, opened: Opened, since: int, timestamps: bool) -> Request[bytes]:
    return requests.read(journal_bytes(journal), opened.worker, since, opened.size, timestamps)


def read_range(journal: str, opened: Opened, since: int, timestamps: bool) -> Steps[bytes]:
    """The journal's bytes from `since` on, as the transaction sees it. Where nothing is new, nothing is asked."""
    if since == opened.size:
        return b""
    return (yield from ask(range_request(journal, opened, since, timestamps)))


def locate(journal: str) -> Steps[Opened]:
    """The journal's size and worker, which is all that a read needs; the transaction that told them is over at once."""
    name = journal_bytes(journal)
    opened = yield from open_transaction(name)
    yield end_transaction(name, opened)
    return opened


def read_journal(journal: str, since: int, timestamps: bool) -> Steps[bytes]:
    opened = yield from locate(journal)
    return (yield from read_range(journal, opened, since, timestamps))


def commit(name: bytes, opened: Opened, types: tuple[str, ...], events: bytes) -> Steps[Committed]:
    """Commit, and tell a commit that certainly did not happen from one that perhaps did.

    Raises:
        OutcomeUnknown: the request was said and its answer did not come, or is error 1.
    """
    declared = ",".join(types).encode()
    request = requests.commit(name, opened.worker, opened.transaction, declared, events)
    try:
        return (yield from ask(request))
    except (UnknownError, Timeout, ProtocolError) as error:
        raise OutcomeUnknown(name.decode(), error) from error
    except ConnectionLost as error:
        if not error.sent:
            raise
        raise OutcomeUnknown(name.decode(), error) from error


def exists(journal: str) -> Steps[bool]:
    return (yield from ask(requests.exists(journal_bytes(journal))))


def list_page(prefix: str, after: str) -> Steps[Listed]:
    return (yield from ask(requests.list_journals(prefix_bytes(prefix), prefix_bytes(after), LIST_NAMES)))


def status(worker: int) -> Steps[Any]:
    text = yield from ask(requests.status(worker))
    try:
        return json.loads(text)
    except ValueError as error:
        raise ProtocolError(f"the status is not JSON: {error}") from error
