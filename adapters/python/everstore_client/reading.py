"""A long read, part by part: where it goes on when it broke off.

Each line takes its own bytes, a timestamp with its space, and its end; so whole lines tell the position behind them.
"""

from __future__ import annotations

from .event import STAMP_CHARS
from .lines import WholeLines
from .operations import NATIVE, range_request
from .wire.native_replies import Fetched
from .wire.replies import Opened
from .wire.requests import Request


class Reading:
    """The journal's bytes from `since` up to what `opened` saw, as pieces of whole lines."""

    def __init__(self, journal: str, opened: Opened, since: int, timestamps: bool) -> None:
        self._journal = journal
        self._opened = opened
        self._timestamps = timestamps
        self._position = since
        self._lines = WholeLines()
        self._began_at = -1

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be asked for."""
        return self._position == self._opened.size

    def request(self) -> Request[bytes] | Request[Fetched]:
        """What is still to come."""
        self._began_at = self._position
        self._lines = WholeLines()
        return range_request(self._journal, self._opened, self._position, self._timestamps)

    def feed(self, part: bytes) -> bytes:
        """The whole lines that the part completed; empty when it completed none."""
        piece = self._lines.feed(part)
        if piece:
            stamps = 0 if self._timestamps else (STAMP_CHARS + 1) * (piece.count(b"\n") + 1)
            self._position += len(piece) + 1 + stamps
        return piece

    def finish(self) -> bytes:
        """The last line."""
        return self._lines.finish()

    def may_go_on(self) -> bool:
        """Whether to ask for the rest after an error: over native requests, once for each place that is reached. (In
        version 1 the server itself goes on when its worker dies.)
        """
        return self._opened.transaction == NATIVE and self._position > self._began_at
