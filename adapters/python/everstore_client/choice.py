"""Which events of a journal somebody wants to read: from where or when on, up to where or when, of which types, and how
many of the last. A server that knows native requests chooses by itself; of one that does not, `Picker` chooses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypedDict

from .event import STAMP_CHARS
from .names import event_type
from .wire.native_requests import ALL, End, Start

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Choosing(TypedDict, total=False):
    """What reading may be told besides `since`.

    Args:
        until: a former size of the journal, behind which nothing is read; or an aware datetime: no events of then or
            later.
        types: only events of these types.
        last: only so many of the last events (of these types).
        newest_first: the last event comes first.
    """

    until: int | datetime | None
    types: Iterable[str]
    last: int | None
    newest_first: bool


class Choice(NamedTuple):
    """As a native fetch says it: `start` and `end` are positions in bytes, numbers of events, or milliseconds since
    1970.
    """

    start_is: Start
    start: int
    end_is: End
    end: int
    types: tuple[str, ...]

    @property
    def is_range(self) -> bool:
        """Whether it is all that stands between two positions."""
        return self.start_is is Start.POSITION and self.end_is is End.POSITION and not self.types

    @property
    def since(self) -> int:
        """The position before which nothing of it stands, as far as it says."""
        return self.start if self.start_is is Start.POSITION else 0

    def up_to(self, position: int) -> Choice:
        """The same, and nothing behind that position."""
        return self._replace(end_is=End.POSITION, end=position)


def choice_of(since: int | datetime = 0, choosing: Choosing | None = None) -> Choice:
    """What was asked for.

    Raises:
        ValueError: the arguments contradict each other, or a datetime has no time zone.
        NotAcceptable: there can be no such type.
    """
    asked = choosing or Choosing()
    last, newest_first, until = asked.get("last"), asked.get("newest_first", False), asked.get("until")
    if isinstance(asked.get("types"), str):
        raise ValueError(f"types is the text {asked['types']!r}, expected a list of types")
    types = tuple(map(event_type, asked.get("types", ())))
    end_is = End.TIME if isinstance(until, datetime) else End.POSITION
    end = ALL if until is None else _number(until)
    if last is None and not newest_first:
        start_is = Start.TIME if isinstance(since, datetime) else Start.POSITION
        return Choice(start_is, _number(since), end_is, end, types)
    if since != 0:
        raise ValueError("the last events, or the newest first, are counted from the end: `since` cannot be given, too")
    if last is not None and last < 0:
        raise ValueError(f"last is {last}, expected 0 or more")
    start_is = Start.LAST_BACKWARDS if newest_first else Start.LAST
    return Choice(start_is, ALL if last is None else last, end_is, end, types)


class Picker:
    """Chooses from a journal's lines with their timestamps, which come as pieces of whole lines."""

    def __init__(self, choice: Choice, timestamps: bool) -> None:
        self._choice = choice
        self._cut = 0 if timestamps else STAMP_CHARS + 1
        self._types = {each.encode() for each in choice.types}
        self._since = _stamp(choice.start) if choice.start_is is Start.TIME else b""
        self._until = _stamp(choice.end) if choice.end_is is End.TIME else b"~"  # sorts behind all digits
        self._held: deque[bytes] | None = None
        if choice.start_is in (Start.LAST, Start.LAST_BACKWARDS):
            self._held = deque(maxlen=None if choice.start == ALL else choice.start)

    def pick(self, piece: bytes) -> bytes:
        """The chosen lines of it, so far as it is known already that they are."""
        found = [line for line in piece.split(b"\n") if line and self._is_wanted(line)]
        if self._held is None:
            return self._joined(found)
        self._held.extend(found)
        return b""

    def finish(self, last: bytes) -> bytes:
        """The chosen lines of the last piece, and those that were not known before."""
        found = self.pick(last)
        if self._held is None:
            return found
        backwards = self._choice.start_is is Start.LAST_BACKWARDS
        return self._joined(reversed(self._held) if backwards else self._held)

    def _is_wanted(self, line: bytes) -> bool:
        if not self._since <= line[:STAMP_CHARS] < self._until:
            return False
        return not self._types or line[STAMP_CHARS + 1 :].partition(b" ")[0] in self._types

    def _joined(self, lines: Iterable[bytes]) -> bytes:
        return b"\n".join([line[self._cut :] for line in lines])


def _number(place: int | datetime) -> int:
    """A position as it is; of a time the first millisecond, as journals count, that is not before it."""
    if not isinstance(place, datetime):
        return place
    if place.tzinfo is None:
        raise ValueError(f"the time {place.isoformat()} has no time zone; journals' times are in UTC")
    return max(0, -((_EPOCH - place) // _MILLISECOND))


def _stamp(milliseconds: int) -> bytes:
    """As journals write it."""
    moment = _EPOCH.replace(tzinfo=None) + milliseconds * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").encode()
