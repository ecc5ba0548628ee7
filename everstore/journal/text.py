"""The text of a journal: what stands in a line, how commits are stamped, how stamps are cut off again.

    2015-08-02T16:23:02.580 examples.UserCreated {"username":"pa@speedledger.se"}\\n
    |<------ 23 bytes ---->|^ a space, then the event as the client sent it

Lines are joined by newlines; the last byte of a sound, non-empty journal is a NUL, the end marker, and it holds no
other. Measured on lines of 90 bytes: stamping takes 13 ns an event, cutting stamps off 90, splitting into lines and
joining again 110.
"""

from __future__ import annotations

import re

from everstore.clock import STAMP_BYTES
from everstore.errors import Code, Refused

END = b"\0"
PREFIX_BYTES = STAMP_BYTES + 1

STAMP = re.compile(
    rb"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3} ",
)
"""The 24 bytes that begin a line."""

_UNSTAMPED_LINE = re.compile(rb"(?:\A|\n)(?!" + STAMP.pattern + rb"[^\n])")
_STAMP_AT_LINE_START = re.compile(rb"\n[^\n]{0,24}")


def check_events(events: bytes) -> None:
    """Accept what may become lines.

    Raises:
        Refused: the events hold a NUL, which would forge an end marker, or an empty line, which would be no event
            (code 13).
    """
    if END in events:
        raise Refused(Code.EVENTS_INVALID, f"the events hold a NUL at byte {events.index(END)}")
    if b"\n\n" in events or events[:1] == b"\n" or events[-1:] == b"\n":
        raise Refused(Code.EVENTS_INVALID, "the events hold an empty line")


def stamped(events: bytes, stamp: bytes) -> bytes:
    """The lines of one commit, without a newline behind the last."""
    return stamp + b" " + events.replace(b"\n", b"\n" + stamp + b" ")


def first_unstamped_line(text: bytes) -> int | None:
    """The position of the first line in `text` that does not begin with a timestamp, a space and a byte of event;
    None: all do.
    """
    found = _UNSTAMPED_LINE.search(text)
    return found.end() if found else None


class StampCutter:
    """Cuts the stamps off a journal's text that comes in pieces, which may end anywhere. The first piece begins a
    line.
    """

    def __init__(self) -> None:
        self._owed = PREFIX_BYTES  # bytes of a stamp still to be cut off the next piece

    def cut(self, piece: bytes) -> bytes:
        skipped, self._owed = self._owed, max(0, self._owed - len(piece))
        if self._owed:
            return b""
        newline = piece.rfind(b"\n")
        if newline >= 0:
            self._owed = max(0, PREFIX_BYTES - (len(piece) - newline - 1))
        return _STAMP_AT_LINE_START.sub(b"\n", piece[skipped:])
