"""The native requests, types 34 to 37: little endian, sizes of 64 bits. The server's PROTOCOL.md draws them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from struct import Struct, error
from typing import Final, NamedTuple

from ..errors import TooLarge
from . import layouts
from .native_replies import Fetched, Hello, Outcome
from .requests import Request

REVISION: Final = 1
ALL: Final = 2**64 - 1
"""As the end of a fetch: all that is there."""

_APPENDS = Struct("<16sQQI")
_APPEND = Struct("<QQBHHHI")
_FETCH = Struct("<IIQQBB")

APPEND_BYTES: Final = _APPEND.size
"""Of an append besides its texts."""
APPENDS_BYTES: Final = _APPENDS.size
"""Of a request besides its appends."""


class Condition(IntEnum):
    """Under which an append may happen."""

    NONE = 0
    NEW = 1
    UNCHANGED = 2


class Append(NamedTuple):
    """One append. Types are joined by newlines. `position` counts with Condition.UNCHANGED only."""

    sequence: int
    position: int
    condition: Condition
    name: bytes
    declares: bytes
    depends: bytes
    events: bytes


class Start(IntEnum):
    """What a fetch's start is."""

    POSITION = 0
    TIME = 1
    """Milliseconds since 1970: the first event of then or later."""
    LAST = 2
    """A number of events, counted from the end."""
    LAST_BACKWARDS = 3
    """The same, the newest first."""


class End(IntEnum):
    """What a fetch's end is."""

    POSITION = 0
    TIME = 1
    """Milliseconds since 1970: events of then or later are left out."""
    BYTES = 2
    """So many bytes of the journal behind the start, and on to the end of that event."""


def hello() -> Request[Hello]:
    return Request(layouts.NATIVE, (REVISION,), ())


def lane(worker: int) -> Request[int]:
    """That the connection become a lane of that worker, whose number is the answer."""
    return Request(layouts.LANE, (worker,), ())


def appends(client: bytes, run: int, answered: int, worker: int, wanted: Sequence[Append]) -> Request[list[Outcome]]:
    """All of one worker's journals. `client`: 16 bytes; `answered`: it knows the outcomes of all its appends below.

    Raises:
        TooLarge: a name or a list of types is longer than its field can say.
    """
    parts = [_APPENDS.pack(client, run, answered, len(wanted))]
    for sequence, position, condition, name, declares, depends, events in wanted:
        lengths = len(name), len(declares), len(depends), len(events)
        try:
            parts.append(_APPEND.pack(sequence, position, condition, *lengths))
        except error:
            raise TooLarge(f"an append with fields of {lengths} bytes, at {position}, cannot be said") from None
        parts += (name, declares, depends, events)
    return Request(layouts.APPEND, (), tuple(parts), worker)


def fetch(
    name: bytes,
    start: int,
    end: int,
    timestamps: bool,
    start_is: Start = Start.POSITION,
    end_is: End = End.POSITION,
    types: bytes = b"",
) -> Request[Fetched]:
    """The journal's events between two places, of these types, joined by newlines; of all types when there are none.

    Raises:
        TooLarge: a place has more than 64 bits.
    """
    try:
        head = _FETCH.pack(len(name), len(types), start, end, start_is, end_is)
    except error:
        raise TooLarge(f"the places {start} and {end} are past what 64 bits can say") from None
    return Request(layouts.FETCH, (), (head, name, types), 0, layouts.TIMESTAMPS if timestamps else 0)
