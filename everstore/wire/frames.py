"""Cutting a stream of bytes into frames.

A frame is a tuple `(type, size, uid, properties, worker, body)`.

Three laws: bytes are never looked at twice before their frame is whole; a frame over `size_max` never occupies
memory; no input raises anything.
"""

from __future__ import annotations

from typing import TypeAlias

from everstore import limits
from everstore.wire.layouts import HEADER, HEADER_BYTES, LANE_BYTES, Type
from everstore.wire.pieces import Growing, Pieces

Frame: TypeAlias = tuple[int, int, int, int, int, bytes]

OVERSIZE = -1
"""The type of the frame that stands for one over the limit: its header's fields, no body. The body is skipped."""

RUBBISH = -2
"""The type of the frame that ends the stream: an unknown type *and* a size over the limit, or before login all but a
login. Where the next frame begins nobody knows."""

_TYPES = frozenset(Type)
_LOGIN = frozenset({Type.AUTHENTICATE})
_LANE = int(Type.LANE)


class FrameCutter:
    """Turns received bytes into whole frames.

    At first only a login is expected, of at most `login_bytes_max` bytes of body; `admit` opens it for all requests.
    Behind a frame of type RUBBISH nothing is cut any more; behind a request for a lane only by the next `feed`, since
    what follows may be for somebody else.
    """

    def __init__(self, login_bytes_max: int) -> None:
        self.size_max = login_bytes_max
        self._types: frozenset[int] = _LOGIN
        self._unknown_size_max = -1  # before login not even the body of anything else is awaited
        self._pieces = Pieces()
        self._growing: Growing | None = None
        self._of: tuple[int, int, int, int] = (0, 0, 0, 0)  # what is growing: type, uid, properties, worker
        self._skip = 0  # bytes of an oversize body still to come

    @property
    def begun(self) -> int:
        """The size of the frame that has begun and is kept in memory, as far as that is known; 0 when none has."""
        return HEADER_BYTES + self._growing.size if self._growing else self._pieces.begun

    @property
    def due(self) -> int:
        """The bytes that the frame which has begun still lacks, be it kept or skipped; 0 when none has begun."""
        if self._growing:
            return self._growing.missing
        return self._skip or self._pieces.begun - self._pieces.held

    def admit(self, size_max: int) -> None:
        """The login was right: from here on all requests of up to `size_max` bytes of body are cut."""
        self._types = _TYPES
        self.size_max = self._unknown_size_max = size_max

    def rest(self) -> bytes:
        """What was not cut, of a stream that has just been cut behind a request for a lane."""
        return self._pieces.rest()

    def feed(self, data: bytes, most: int | None = None) -> list[Frame]:
        """The frames that `data` completes, those of type OVERSIZE and RUBBISH among them.

        With `most` no more than that many are cut; `feed(b"")` goes on behind them.
        """
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        frames: list[Frame] = []
        if self._growing:
            data = self._growing.take(data)
            if self._growing.missing:
                return frames
            kind, uid, properties, worker = self._of
            frames.append((kind, self._growing.size, uid, properties, worker, self._growing.whole()))
            self._growing = None
        return self._cut(self._pieces.join(data), most, frames)

    def _cut(self, data: bytes, most: int | None, frames: list[Frame]) -> list[Frame]:
        position, end = 0, len(data)
        wanted = HEADER_BYTES
        while end - position >= HEADER_BYTES and len(frames) != most:
            kind, size, uid, properties, worker = HEADER.unpack_from(data, position)
            body = position + HEADER_BYTES
            if size > self._unknown_size_max and kind not in self._types:
                return [*frames, (RUBBISH, size, uid, properties, worker, b"")]
            if size > self.size_max:
                frames.append((OVERSIZE, size, uid, properties, worker, b""))
                position = min(body + size, end)
                self._skip = body + size - position
                continue
            if end - body < size and size > limits.RECEIVE_BYTES:
                self._growing = Growing(size, data[body:])
                self._of = (kind, uid, properties, worker)
                self._pieces.keep(b"", HEADER_BYTES)
                return frames
            if end - body < size:
                wanted = HEADER_BYTES + size
                break
            position = body + size
            frames.append((kind, size, uid, properties, worker, data[body:position]))
            if kind == _LANE and size == LANE_BYTES:
                wanted = HEADER_BYTES
                break
        if data:
            self._pieces.keep(data[position:], wanted)
        return frames
