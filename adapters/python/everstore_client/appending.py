"""Exactly once: one native append until its outcome is known, and what that outcome means.

| what comes | when nothing was sent before | when it was sent before |
| --- | --- | --- |
| it is written, or a conflict | that | that |
| error 1 as its outcome: the server cannot know | `UnknownError` | `OutcomeUnknown` |
| another error as its outcome | that error | that error |
| error 1 to the whole request; the connection is lost | it is sent again, over another connection | the same |
| no more may be sent again, or nobody can be reached | that error | `OutcomeUnknown` |

What is sent again is the same append: its sender, its sequence, and the run of the server in which it was first sent.
"""

from __future__ import annotations

from typing import NamedTuple

from .errors import (
    ConnectionLost,
    EverstoreError,
    OutcomeUnknown,
    ProtocolError,
    Timeout,
    TooLarge,
    UnknownError,
    from_code,
)
from .limits import UINT16_MAX, UINT64_MAX
from .operations import Elsewhere, Steps, ask_server
from .outbox import Post
from .retry import reconnect_pauses
from .senders import Native
from .wire.native_replies import Outcome
from .wire.native_requests import APPEND_BYTES, APPENDS_BYTES, Append, Condition

_CONFLICT = 7


class Wanted(NamedTuple):
    """What is to be appended: `position` is what Condition.UNCHANGED is about. Types are joined by newlines."""

    name: bytes
    events: bytes
    declares: bytes
    condition: Condition = Condition.NONE
    position: int = 0
    depends: bytes = b""


def append_once(native: Native, wanted: Wanted) -> Steps[Outcome]:
    """The outcome: code 0, or 7 for a conflict.

    Raises:
        OutcomeUnknown: it may have been written, and the server could not be asked in time, or cannot know.
        EverstoreError: any other; nothing was written.
    """
    post = _addressed(native, wanted)
    pauses = reconnect_pauses()
    try:
        while True:
            try:
                outcome: Outcome = yield post
            except (ConnectionLost, UnknownError) as error:
                lost = error
            except (Timeout, ProtocolError) as error:
                raise _unknown(post, error) from error
            else:
                return _judged(post, outcome)
            post = post._replace(again=post.again or not (isinstance(lost, ConnectionLost) and not lost.sent))
            post = yield from _addressed_anew(post, next(pauses), lost)
    finally:
        post.sender.end(post.append.sequence)


def _judged(post: Post, outcome: Outcome) -> Outcome:
    if outcome.code in (0, _CONFLICT):
        return outcome
    error = from_code(outcome.code)
    if post.again and isinstance(error, UnknownError):
        raise _unknown(post, error) from error
    raise error


def _addressed_anew(post: Post, pause_s: float, lost: EverstoreError) -> Steps[Post]:
    """The same append for a server that may have more or fewer workers than the one before."""
    try:
        yield Elsewhere(pause_s)
        found = yield from ask_server()
    except EverstoreError as error:
        raise (_unknown(post, lost) if post.again else error) from lost
    if found is None:
        raise (_unknown(post, lost) if post.again else lost) from lost
    return post._replace(worker=found.worker_of(post.append.name), run=post.run if post.again else found.hello.run)


def _addressed(native: Native, wanted: Wanted) -> Post:
    size = _sayable_size(wanted, native.hello.request_bytes_max)
    name, events, declares, condition, position, depends = wanted
    worker = native.worker_of(name)
    sender, sequence = native.begin(worker)
    append = Append(sequence, position, condition, name, declares, depends, events)
    return Post(sender, native.hello.run, worker, append, size)


def _sayable_size(wanted: Wanted, request_bytes_max: int) -> int:
    """Of an append that can be said alone; with others it only travels where there is room.

    Raises:
        TooLarge: the server would not hear it.
    """
    name, events, declares, _, position, depends = wanted
    if max(len(declares), len(depends)) > UINT16_MAX:
        raise TooLarge(f"the types of an append are over {UINT16_MAX} bytes, which is all that can be said")
    if not 0 <= position <= UINT64_MAX:
        raise TooLarge(f"the position {position} is past what 64 bits can say")
    size = APPEND_BYTES + len(name) + len(events) + len(declares) + len(depends)
    if APPENDS_BYTES + size > request_bytes_max:
        raise TooLarge(f"an append of {size} bytes is more than the server takes, {request_bytes_max}")
    return size


def _unknown(post: Post, error: EverstoreError) -> OutcomeUnknown:
    return OutcomeUnknown(post.append.name.decode(), error)
