"""The bodies of the native requests and replies, types 34 to 37; the byte pictures stand in PROTOCOL.md.

Decoding returns what the fields hold, or raises `Malformed` where lengths do not add up; what they mean is for the
handlers to judge.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from everstore.errors import Code
from everstore.wire.layouts import HEADER, LANE_BYTES, MULTIPART, U32, Type
from everstore.wire.requests import Malformed

REVISION = 1
"""Of the native requests; a server may offer less than a client asks for."""

CLIENT_BYTES = 16
ALL = 2**64 - 1
"""As the end of a fetch: all that is there."""

_HELLO = Struct("<3IQ")
_APPENDS = Struct("<16sQQI")
_APPEND = Struct("<QQBHHHI")
_OUTCOME = Struct("<IQQI")
_FETCH = Struct("<IIQQBB")
_FETCHED = Struct("<QQI")


class Condition(IntEnum):
    """Under which an append may happen."""

    NONE = 0
    NEW = 1
    """The journal does not exist yet."""
    UNCHANGED = 2
    """No type that the append depends on was declared since its position."""


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


class Append(NamedTuple):
    """One append of a request, whose events stand in `body` from `start` to `end`, since they may be too large to be
    copied lightly. `position` counts with Condition.UNCHANGED only.
    """

    sequence: int
    position: int
    condition: int
    name: bytes
    declares: bytes
    depends: bytes
    body: bytes
    start: int
    end: int

    @property
    def events(self) -> bytes:
        """A copy of them."""
        return self.body[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Appends:
    """What one client wants appended. `run`: of the server, in which it sent these for the first time; `answered`: it
    knows the outcomes of all its appends with a lower sequence.
    """

    client: bytes
    run: int
    answered: int
    appends: list[Append]


class Outcome(NamedTuple):
    """What became of an append: `code` 0, 7 for a conflict, or an error; the journal's size now. For a conflict
    `text` holds the journal's lines, timestamps included, from where the append asked up to `until`, a line's end.
    """

    code: int
    position: int
    until: int = 0
    text: bytes = b""


@dataclass(frozen=True, slots=True)
class Fetch:
    """A read. `start_is`, `end_is`: mostly a `Start` and an `End`. `types`: none means all."""

    name: bytes
    start_is: int
    start: int
    end_is: int
    end: int
    types: frozenset[bytes]


def hello_body(body: bytes) -> int:
    """The revision that a client asks for."""
    if len(body) != U32.size:
        raise Malformed("native hello", len(body))
    return int(U32.unpack(body)[0])


def hello(uid: int, workers: int, request_bytes_max: int, run: int) -> bytes:
    """`request_bytes_max`: how many bytes the body of a request may have. `run`: no other life of a server has it."""
    body = _HELLO.pack(REVISION, workers, request_bytes_max, run)
    return HEADER.pack(Type.NATIVE, len(body), uid, 0, 0) + body


def lane_body(body: bytes) -> int:
    """The worker that is to have the connection."""
    if len(body) != LANE_BYTES:
        raise Malformed("request for a lane", len(body))
    return int(U32.unpack(body)[0])


def lane(uid: int, worker: int) -> bytes:
    """The first word of a worker over a connection that has become its lane."""
    return HEADER.pack(Type.LANE, 0, uid, 0, worker)


def appends(body: bytes) -> Appends:
    """What an append request holds: at least one append."""
    if len(body) < _APPENDS.size:
        raise Malformed("request to append", len(body))
    client, run, answered, count = _APPENDS.unpack_from(body)
    at, size = _APPENDS.size, len(body)
    found: list[Append] = []
    while len(found) < count and at + _APPEND.size <= size:
        sequence, position, condition, name_bytes, declared, depended, events = _APPEND.unpack_from(body, at)
        name_at = at + _APPEND.size
        declares_at = name_at + name_bytes
        depends_at = declares_at + declared
        events_at = depends_at + depended
        at = events_at + events
        found.append(
            Append(
                sequence,
                position,
                condition,
                body[name_at:declares_at],
                body[declares_at:depends_at],
                body[depends_at:events_at],
                body,
                events_at,
                at,
            )
        )
    if at != size or len(found) != count or not found:
        raise Malformed("request to append", size)
    return Appends(client, run, answered, found)


def names(body: bytes) -> list[bytes]:
    """The journals of an append request."""
    return [each.name for each in appends(body).appends]


def appends_body(wanted: Appends) -> bytes:
    """The body that `appends` decodes."""
    parts = [_APPENDS.pack(wanted.client, wanted.run, wanted.answered, len(wanted.appends))]
    for each in wanted.appends:
        lengths = len(each.name), len(each.declares), len(each.depends), each.end - each.start
        parts.append(_APPEND.pack(each.sequence, each.position, each.condition, *lengths))
        parts += (each.name, each.declares, each.depends, each.events)
    return b"".join(parts)


def outcomes(uid: int, worker: int, found: list[Outcome]) -> bytes:
    """The reply to an append request, one outcome for each append, in their order."""
    parts = [U32.pack(len(found))]
    for each in found:
        parts += (_OUTCOME.pack(each.code, each.position, each.until, len(each.text)), each.text)
    body = b"".join(parts)
    return HEADER.pack(Type.APPEND, len(body), uid, 0, worker) + body


def outcomes_of(body: bytes) -> list[Outcome]:
    """What `outcomes` has put into a reply's body."""
    found: list[Outcome] = []
    at = U32.size
    while at < len(body):
        code, position, until, text_bytes = _OUTCOME.unpack_from(body, at)
        at += _OUTCOME.size + text_bytes
        found.append(Outcome(Code(code) if code else 0, position, until, body[at - text_bytes : at]))
    return found


def fetch(body: bytes) -> Fetch:
    """What a fetch request asks for."""
    if len(body) >= _FETCH.size:
        name_bytes, types_bytes, start, end, start_is, end_is = _FETCH.unpack_from(body)
        types_at = _FETCH.size + name_bytes
        if len(body) == types_at + types_bytes:
            types = frozenset(body[types_at:].split(b"\n")) - {b""}
            return Fetch(body[_FETCH.size : types_at], start_is, start, end_is, end, types)
    raise Malformed("fetch", len(body))


def fetch_body(wanted: Fetch) -> bytes:
    """The body that `fetch` decodes."""
    types = b"\n".join(sorted(wanted.types))
    lengths = len(wanted.name), len(types)
    return _FETCH.pack(*lengths, wanted.start, wanted.end, wanted.start_is, wanted.end_is) + wanted.name + types


def fetched_part(uid: int, worker: int, start: int, end: int, data: bytes, more: bool) -> bytes:
    """A fetch's reply, or one part of it: the positions between which all that was asked for stands, and text."""
    body = _FETCHED.pack(start, end, len(data)) + data
    return HEADER.pack(Type.FETCH, len(body), uid, MULTIPART if more else 0, worker) + body


def fetched(body: bytes) -> tuple[int, int, bytes]:
    """(start, end, text) of a part."""
    start, end, _ = _FETCHED.unpack_from(body)
    return start, end, body[_FETCHED.size :]


FETCHED_BYTES = _FETCHED.size
"""What a part's body holds besides text."""
