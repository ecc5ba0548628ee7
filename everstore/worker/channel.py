"""The channel between supervisor and worker: a socket pair that carries whole frames, many per message, both ways.

    +------------+----------------- - -
    | connection | frame (header, body)      connection: 4 bytes, the supervisor's number for a client, from 1 on
    +------------+----------------- - -

Beside clients' requests and replies there are a few frames that only the two of them speak:

| type | from | means |
| --- | --- | --- |
| READY | worker | recovered, and willing to serve |
| PULSE | worker | alive, with nothing else to say |
| GONE | supervisor | the connection is gone, and with it its transactions; a lane is to be closed |
| CREDIT | supervisor | the client has taken `uid` bytes of read replies: so many more may come |
| GIVEN | supervisor | a client's request, the body what came behind it: the connection is the worker's if it likes |
| TAKEN | worker | the connection `uid` has become a lane |
| LEFT | worker | the connection `uid` cannot become a lane; nothing has happened |
| ENDED | worker | the lane `uid` is no more |

With GIVEN a descriptor comes through the hatch, a further socket pair, of packets: each is the number of a connection.
One that is lost on its way, for want of room, so costs the stream of frames nothing.
"""

from __future__ import annotations

from struct import Struct
from typing import TypeAlias

from everstore import limits
from everstore.wire.frames import Frame
from everstore.wire.layouts import HEADER_BYTES
from everstore.wire.pieces import Growing, Pieces

READY = 0x10001
GONE = 0x10002
CREDIT = 0x10003
PULSE = 0x10004
GIVEN = 0x10005
TAKEN = 0x10006
LEFT = 0x10007
ENDED = 0x10008

HATCH_BYTES = 4
"""A connection's number, in a packet of the hatch."""

ITEM = Struct("<6I")
"""connection, type, size, uid, properties, worker."""
ITEM_BYTES = 4 + HEADER_BYTES

Item: TypeAlias = tuple[int, Frame]
"""(connection, request)."""

Reply: TypeAlias = tuple[int, int, int, int, bytes]
"""(connection, type, uid, properties, whole frame)."""


def pack(connection: int, frame: Frame) -> bytes:
    """A request of a client, or a frame of our own, as it travels."""
    kind, size, uid, properties, worker, body = frame
    return ITEM.pack(connection, kind, size, uid, properties, worker) + body


def note(connection: int, kind: int, number: int = 0) -> bytes:
    """A frame of our own without a body."""
    return ITEM.pack(connection, kind, 0, number, 0, 0)


class RequestCutter:
    """The worker's end: cuts what comes over the channel into (connection, frame)."""

    def __init__(self) -> None:
        self._pieces = Pieces()
        self._growing: Growing | None = None
        self._of: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)  # what is growing: connection, type, uid, …

    def feed(self, data: bytes) -> list[Item]:
        items: list[Item] = []
        if self._growing:
            data = self._growing.take(data)
            if self._growing.missing:
                return items
            connection, kind, uid, properties, worker = self._of
            items.append((connection, (kind, self._growing.size, uid, properties, worker, self._growing.whole())))
            self._growing = None
        data = self._pieces.join(data)
        position, wanted = 0, ITEM_BYTES
        while len(data) - position >= ITEM_BYTES:
            connection, kind, size, uid, properties, worker = ITEM.unpack_from(data, position)
            body = position + ITEM_BYTES
            if len(data) - body < size:
                if size > limits.CHANNEL_RECEIVE_BYTES:
                    self._growing = Growing(size, data[body:])
                    self._of = (connection, kind, uid, properties, worker)
                    self._pieces.keep(b"", ITEM_BYTES)
                    return items
                wanted = ITEM_BYTES + size
                break
            position = body + size
            items.append((connection, (kind, size, uid, properties, worker, data[body:position])))
        if data:
            self._pieces.keep(data[position:], wanted)
        return items


class ReplyCutter:
    """The supervisor's end: cuts what comes over the channel into replies, which it passes on as they are."""

    def __init__(self) -> None:
        self._pieces = Pieces()

    def feed(self, data: bytes) -> list[Reply]:
        data = self._pieces.join(data)
        replies: list[Reply] = []
        position, wanted = 0, ITEM_BYTES
        while len(data) - position >= ITEM_BYTES:
            connection, kind, size, uid, properties, _ = ITEM.unpack_from(data, position)
            end = position + ITEM_BYTES + size
            if len(data) < end:
                wanted = ITEM_BYTES + size
                break
            replies.append((connection, kind, uid, properties, data[position + 4 : end]))
            position = end
        if data:
            self._pieces.keep(data[position:], wanted)
        return replies
