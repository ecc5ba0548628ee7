"""What a client does, step by step, without a connection: generators that yield requests and are sent the replies.

A shell drives them: it says each `Request` and sends its reply in, or throws the error; a `Tell` it says and goes on.
An `Ask` it answers itself, and for an `Elsewhere` it goes on over another connection. So the blocking client and the
async one decide nothing twice.

Where the server knows the native requests, nothing is open on it: a transaction is the size that its journal had.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Final, NamedTuple, TypeVar

from .choice import Choice, Picker
from .errors import ConnectionLost, NoSuchTransaction, OutcomeUnknown, ProtocolError, Timeout, UnknownError
from .limits import LIST_NAMES
from .lines import without_end
from .names import journal_bytes, prefix_bytes
from .outbox import Post
from .senders import Native
from .wire import native_requests, requests
from .wire.native_replies import Fetched
from .wire.native_requests import ALL, End, Start
from .wire.replies import Committed, Listed, Opened
from .wire.requests import Request

R = TypeVar("R")
T = TypeVar("T")


class Tell(NamedTuple):
    """A request whose answer matters to nobody."""

    request: Request[Any]


class Ask(NamedTuple):
    """The question what the connection's server is: the answer is a `Native`, or None for one that is not."""


class Elsewhere(NamedTuple):
    """After a pause of so many seconds, all that follows is said over a connection that is alive.

    It is answered by a `Timeout` once no more may be sent again, or by what a connection that cannot be opened raises.
    """

    pause_s: float


ASK: Final = Ask()

Said = Request[Any] | Post | Tell | Ask
"""What a connection is there for."""
Step = Said | Elsewhere
Steps = Generator[Step, Any, T]

NATIVE: Final = 0
"""In place of a transaction's UID, which it never is: there is none on the server."""

REPEATABLE = (ConnectionLost, UnknownError, NoSuchTransaction)
"""After these nothing was written, for certain, and another connection or the next worker may do better."""


def ask(request: Request[R]) -> Steps[R]:
    reply: R = yield request
    return reply


def ask_server() -> Steps[Native | None]:
    found: Native | None = yield ASK
    return found


def open_transaction(name: bytes) -> Steps[Opened]:
    """What a transaction is: over native requests only the journal's size."""
    if (yield from ask_server()) is None:
        return (yield from ask(requests.new_transaction(name)))
    none_of_it = yield from ask(native_requests.fetch(name, 0, ALL, timestamps=False, start_is=Start.LAST))
    return Opened(none_of_it.end, NATIVE, 0)


def end_transaction(name: bytes, opened: Opened) -> Steps[None]:
    """Rolling back is only told: the answer is the same, whatever became of the transaction."""
    if opened.transaction != NATIVE:
        yield Tell(requests.rollback(name, opened.worker, opened.transaction))


def range_request(journal: str, opened: Opened, since: int, timestamps: bool) -> Request[bytes] | Request[Fetched]:
    name = journal_bytes(journal)
    if opened.transaction == NATIVE:
        return native_requests.fetch(name, since, opened.size, timestamps)
    return requests.read(name, opened.worker, since, opened.size, timestamps)


def read_range(journal: str, opened: Opened, since: int, timestamps: bool) -> Steps[bytes]:
    """The journal's bytes from `since` on, as the transaction sees it. Where nothing is new, nothing is asked."""
    if since == opened.size:
        return b""
    read: bytes | Fetched = yield range_request(journal, opened, since, timestamps)
    return read.text if isinstance(read, Fetched) else read


def locate(journal: str) -> Steps[Opened]:
    """The journal's size and worker, which is all that a read needs; the transaction that told them is over at once."""
    name = journal_bytes(journal)
    opened = yield from open_transaction(name)
    yield from end_transaction(name, opened)
    return opened


def fetch(journal: str, choice: Choice, timestamps: bool) -> Request[Fetched]:
    start_is, start, end_is, end, types = choice
    name, joined = journal_bytes(journal), "\n".join(types).encode()
    return native_requests.fetch(name, start, end, timestamps, start_is, end_is, joined)


def locate_choice(journal: str, choice: Choice) -> Steps[tuple[Opened, Choice]]:
    """The journal as far as the choice reaches, and the choice up to there, so that it means the same ever after."""
    if (yield from ask_server()) is not None:
        none_of_it = yield from ask(fetch(journal, choice._replace(start_is=Start.LAST, start=0), timestamps=False))
        return Opened(none_of_it.end, NATIVE, 0), choice.up_to(none_of_it.end)
    opened = yield from locate(journal)
    return (opened if choice.end_is is End.TIME else opened._replace(size=min(choice.end, opened.size))), choice


def read_journal(journal: str, choice: Choice, timestamps: bool) -> Steps[bytes]:
    if (yield from ask_server()) is not None:
        found = yield from ask(fetch(journal, choice, timestamps))
        return found.text
    opened, _ = yield from locate_choice(journal, choice)
    if choice.is_range:
        return (yield from read_range(journal, opened, choice.since, timestamps))
    text = yield from read_range(journal, opened, choice.since, timestamps=True)
    return Picker(choice, timestamps).finish(without_end(text))


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
