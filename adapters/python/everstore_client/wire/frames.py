"""Cut what a server sends into its hello and its frames.

Laws: any cut of the stream gives the same frames; bytes behind a frame are kept for the next; only `ProtocolError`
leaves; a frame costs one copy of its body, however long the stream is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ..errors import ProtocolError
from ..limits import REPLY_BYTES_MAX
from .layouts import COMPRESSED, HEADER_BYTES, HELLO_BYTES, LITTLE, ORDERS, VERSION, Order


class Hello(NamedTuple):
    order: Order
    must_login: bool


class Frame(NamedTuple):
    kind: int
    uid: int
    properties: int
    worker: int
    body: bytes


class FrameCutter:
    """Feed it what came; it hands out what is whole."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._order = LITTLE

    def feed(self, data: bytes | memoryview) -> None:
        self._buffer += data

    def hello(self) -> Hello | None:
        """The hello, once its three bytes are there; call it until it is, and never again."""
        if len(self._buffer) < HELLO_BYTES:
            return None
        order, version, login = self._buffer[:HELLO_BYTES]
        if order not in ORDERS or version != VERSION or login > 1:
            raise ProtocolError(f"the peer speaks another protocol: its hello is {order}, {version}, {login}")
        del self._buffer[:HELLO_BYTES]
        self._order = ORDERS[order]
        return Hello(self._order, bool(login))

    def frames(self) -> Iterator[Frame]:
        """Every frame that is whole. What they took is dropped from the buffer in one go, at the end."""
        start = 0
        try:
            with memoryview(self._buffer) as view:
                while frame := self._cut(view, start):
                    start += HEADER_BYTES + len(frame.body)
                    yield frame
        finally:
            del self._buffer[:start]

    def _cut(self, view: memoryview, start: int) -> Frame | None:
        body = start + HEADER_BYTES
        if len(view) < body:
            return None
        kind, size, uid, properties, worker = self._order.header.unpack_from(view, start)
        if size > REPLY_BYTES_MAX:
            raise ProtocolError(f"a reply of type {kind} claims {size} bytes, at most {REPLY_BYTES_MAX} are taken")
        if properties & COMPRESSED:
            raise ProtocolError(f"a reply of type {kind} is compressed, which this protocol version never is")
        if len(view) < body + size:
            return None
        return Frame(kind, uid, properties, worker, bytes(view[body : body + size]))
