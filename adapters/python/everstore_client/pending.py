"""A request that waits for its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from .errors import EverstoreError
from .wire import layouts
from .wire.native_replies import Fetched

NO_UID: Final = -1
"""Of an append, which shares a request with others."""


class Pending:
    """`heard` is called for each part of a read that came, and when it is done."""

    __slots__ = ("done", "error", "heard", "kind", "parts", "reply", "uid")

    def __init__(self, uid: int, kind: int, heard: Callable[[], object] | None) -> None:
        self.uid = uid
        self.kind = kind
        self.heard = heard
        self.parts: list[bytes] = []
        self.reply: Any = None
        self.error: EverstoreError | None = None
        self.done = False

    def finish(self, reply: Any = None, error: EverstoreError | None = None) -> None:
        self.reply = reply
        self.error = error
        self.done = True
        if self.heard:
            self.heard()

    def require(self) -> None:
        """Raises the error of one that is done and has one."""
        if self.error:
            raise self.error

    def result(self) -> Any:
        """The reply of one that is done, or its error raised; for a read the bytes of all parts not yet taken."""
        self.require()
        if self.kind == layouts.READ:
            return b"".join(self.take_parts())
        if self.kind == layouts.FETCH:
            return Fetched(self.reply.start, self.reply.end, b"".join(self.take_parts()))
        return self.reply

    def take_parts(self) -> list[bytes]:
        """The parts that came since the last call: how a stream is read."""
        parts, self.parts = self.parts, []
        return parts
