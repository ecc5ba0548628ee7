"""An event as it stands in a journal: a type, its data as JSON, and when it was committed if that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from . import json_text
from .errors import NotAcceptable, UnreadableEvent
from .names import event_type

STAMP_CHARS = 23
"""`2015-08-02T16:23:02.580`, which a space follows."""

D = TypeVar("D")


class Event:
    """One event. Its JSON is parsed when `data` is first looked at, and written when it is first needed.

    Args:
        type: no space, no comma, no control character.
        data: whatever JSON can say, or what `json_text.dump` accepts besides.
        timestamp: when it was committed, an aware datetime in UTC; the server decides it, so it is ignored on append.
    """

    __slots__ = ("_data", "_json", "_stamp", "type")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, type: str, data: Any = None, timestamp: datetime | None = None) -> None:  # noqa: A002
        self.type = event_type(type)
        self._data = data
        self._json: str | None = None
        self._stamp: str | datetime | None = timestamp

    @classmethod
    def from_json(cls, type: str, json: str) -> Event:  # noqa: A002
        """An event whose data is a JSON text already; it is taken as it is."""
        event = parse(f"{event_type(type)} {json}")
        check_line(event.line)
        return event

    @property
    def data(self) -> Any:
        """The data, parsed once.

        Raises:
            UnreadableEvent: what is stored is not JSON.
        """
        if self._data is None and self._json is not None:
            self._data = json_text.load(self._json)
        return self._data

    @property
    def json(self) -> str:
        """The data as one line of JSON."""
        if self._json is None:
            self._json = json_text.dump(self._data)
        return self._json

    @property
    def timestamp(self) -> datetime | None:
        """When it was committed, in UTC; None unless it was read with `timestamps=True`."""
        if isinstance(self._stamp, str):
            self._stamp = _moment(self._stamp)
        return self._stamp

    @property
    def line(self) -> str:
        """`type SP json`, as it stands in the journal behind the timestamp."""
        return f"{self.type} {self.json}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return self.type == other.type and self.data == other.data and self.timestamp == other.timestamp

    def __repr__(self) -> str:
        when = f", {self.timestamp.isoformat()}" if self.timestamp else ""
        return f"Event({self.type!r}, {self.json}{when})"


class Encoded(NamedTuple):
    """An event ready to be appended: its line, and the types that its commit declares for it."""

    line: str
    types: tuple[str, ...]


class Codec(Protocol[D]):
    """What turns events into lines and back: `PLAIN`, or a `Registry`."""

    def encode(self, event: object) -> Encoded: ...

    def decode_lines(self, lines: list[str]) -> list[D]: ...


class PlainEvents:
    """The codec of a client without a registry: every event is an `Event`."""

    def encode(self, event: object) -> Encoded:
        if not isinstance(event, Event):
            raise NotAcceptable(f"without a registry only an Event can be appended, not a {type(event).__qualname__}")
        return Encoded(event.line, (event.type,))

    def decode_lines(self, lines: list[str]) -> list[Event]:
        return list(map(parse, lines))


PLAIN = PlainEvents()


def parse(line: str) -> Event:
    """The event of a line without a timestamp."""
    event = Event.__new__(Event)
    event.type, _, event._json = line.partition(" ")  # noqa: SLF001
    event._data = event._stamp = None  # noqa: SLF001
    return event


def parse_stamped(line: str) -> Event:
    """The event of a line that starts with its timestamp."""
    event = parse(line[STAMP_CHARS + 1 :])
    event._stamp = line[:STAMP_CHARS]  # noqa: SLF001
    return event


def encode_raw(line: str) -> Encoded:
    """A ready line `type SP json`; its type is checked, its JSON is taken as it is.

    Raises:
        NotAcceptable: it is no such line.
    """
    name, space, data = line.partition(" ")
    if not space or not data:
        raise NotAcceptable(f"the line {line[:80]!r} is not an event's type, a space and its data")
    return Encoded(line, (event_type(name),))


def check_line(line: str) -> None:
    """Only one line stands for an event, and NUL is the journal's own end marker.

    Raises:
        NotAcceptable: it holds a newline or a NUL.
    """
    if "\n" in line or "\0" in line:
        raise NotAcceptable(f"the event {line[:80]!r} holds a newline or a NUL")


def _moment(stamp: str) -> datetime:
    try:
        return datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableEvent(f"a line starts with {stamp!r}, which is no timestamp") from error
