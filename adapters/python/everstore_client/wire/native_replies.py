"""What the bodies of the native replies say, types 34 to 37. Only `ProtocolError` leaves, whatever the bytes are."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

from ..errors import ProtocolError
from .frames import Frame
from .layouts import Order

_HELLO = Struct("<3IQ")
_OUTCOME = Struct("<IQQI")
_FETCHED = Struct("<QQI")


class Hello(NamedTuple):
    """What a server says of itself. `run`: no other life of a server has it."""

    revision: int
    workers: int
    request_bytes_max: int
    run: int


class Outcome(NamedTuple):
    """What became of an append: `code` 0, 7 for a conflict, or an error; `position` is the journal's size. `text` holds
    a conflict's lines, timestamps included, behind the position that was asked with and up to `until`.
    """

    code: int
    position: int
    until: int
    text: bytes


class Fetched(NamedTuple):
    """A part of a fetch: between `start` and `end` stands everything that was asked for; `text` is this part's."""

    start: int
    end: int
    text: bytes


def hello(frame: Frame, _: Order) -> Hello:
    if len(frame.body) != _HELLO.size:
        raise ProtocolError(f"a native hello has {len(frame.body)} bytes, expected {_HELLO.size}")
    found = Hello(*_HELLO.unpack(frame.body))
    if not found.workers:
        raise ProtocolError("a native hello speaks of no worker at all")
    return found


def lane(frame: Frame, _: Order) -> int:
    if frame.body:
        raise ProtocolError(f"the answer to the request for a lane has {len(frame.body)} bytes, expected none")
    return frame.worker


def outcomes(frame: Frame, order: Order) -> list[Outcome]:
    body, found = frame.body, list[Outcome]()
    if len(body) < 4:
        raise ProtocolError(f"the outcomes of appends have only {len(body)} bytes")
    (count,) = order.numbers[1].unpack_from(body)
    at, size = 4, len(body)
    while len(found) < count and at + _OUTCOME.size <= size:
        code, position, until, text_bytes = _OUTCOME.unpack_from(body, at)
        text_at = at + _OUTCOME.size
        at = text_at + text_bytes
        found.append(Outcome(code, position, until, body[text_at:at]))
    if at != size or len(found) != count:
        raise ProtocolError(f"{count} outcomes of appends do not fit into {size} bytes")
    return found


def fetched(frame: Frame, _: Order) -> Fetched:
    if len(frame.body) >= _FETCHED.size:
        start, end, count = _FETCHED.unpack_from(frame.body)
        if count == len(frame.body) - _FETCHED.size:
            return Fetched(start, end, frame.body[_FETCHED.size :])
    raise ProtocolError(f"a part of a fetch has {len(frame.body)} bytes and counts others")
