"""The channel between supervisor and worker: a socket pair that carries whole frames, many per message, both ways.

    +------------+----------------- - -
    | connection | frame (header, body)      connection: 4 bytes, the supervisor's number for a client, from 1 on
    +------------+----------------- - -

Beside clients' requests and replies there are a few frames that only the two of them speak:

| type | from | means |
| --- | --- | --- |
| READY | worker | recovered, and willing to serve |
| PULSE | worker | alive, with nothing else to say |
| GONE | supervisor | the connection is gone, and with it its transactions |
| CREDIT | supervisor | the client has taken `uid` bytes of read replies: so many more may come |
"""

from __future__ import annotations

from io import BytesIO
from struct import Struct
from typing import TypeAlias

from everstore import limits
from everstore.wire.frames import Frame
from everstore.wire.layouts import HEADER_BYTES
from everstore.wire.pieces import Pieces

READY = 0x10001
GONE = 0x10002
CREDIT = 0x10003
PULSE = 0x10004

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
        self._large: _Large | None = None

    def feed(self, data: bytes) -> list[Item]:
        items: list[Item] = []
        if self._large:
            data = self._large.take(data)
            if self._large.missing:
                return items
            items.append(self._large.item())
            self._large = None
        data = self._pieces.join(data)
        position, wanted = 0, ITEM_BYTES
        while len(data) - position >= ITEM_BYTES:
            connection, kind, size, uid, properties, worker = ITEM.unpack_from(data, position)
            body = position + ITEM_BYTES
            if len(data) - body < size:
                if size > limits.CHANNEL_RECEIVE_BYTES:
                    self._large = _Large(connection, (kind, size, uid, properties, worker), data[body:])
                    self._pieces.keep(b"", ITEM_BYTES)
                    return items
                wanted = ITEM_BYTES + size
                break
            position = body + size
            items.append((connection, (kind, size, uid, properties, worker, data[body:position])))
        if data:
            self._pieces.keep(data[position:], wanted)
        return items


class _Large:
    """A request whose body is too large to be held twice: it grows in the place where it will be read."""

    def __init__(self, connection: int, header: tuple[int, int, int, int, int], begun: bytes) -> None:
        self.missing = header[1] - len(begun)
        self._connection = connection
        self._header = header
        self._body = BytesIO()
        self._body.write(begun)

    def take(self, data: bytes) -> bytes:
        """Take what is missing, and return what is left."""
        self._body.write(memoryview(data)[: self.missing])
        taken = min(self.missing, len(data))
        self.missing -= taken
        return data[taken:]

    def item(self) -> Item:
        kind, size, uid, properties, worker = self._header
        return self._connection, (kind, size, uid, properties, worker, self._body.getvalue())


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
