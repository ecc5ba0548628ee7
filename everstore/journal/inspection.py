"""What is wrong with a journal's bytes, for `everstore verify`: reads only, names every fault with its position."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from mmap import mmap

from everstore.clock import STAMP_BYTES
from everstore.journal.text import END, STAMP

_LINE = re.compile(rb"[^\n\0]*")
_JOINED = re.compile(rb"[\x0b\x08\x0e\x02\x1a*J\x8a](?=" + STAMP.pattern + rb")")
"""What a newline becomes when one of its bits flips, and what stood behind it: a line's timestamp."""
_STEP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """`at`: the first byte concerned, from 0 on."""

    at: int
    what: str


def faults(data: bytes | mmap, passed: Callable[[int], object] = int) -> Iterator[Fault]:
    """Every fault of one journal, in the order of its bytes. An empty journal has none.

    A line must begin with a timestamp, a space and an event; timestamps do not go back; no two lines are joined by a
    newline that a bit flip has spoilt; the last byte, and no other, is a NUL.

    Args:
        passed: told now and then how many further bytes have been looked at.
    """
    position, told, end = 0, 0, len(data)
    latest = b""
    while position < end:
        line_end = _line_end(data, position)
        head = data[position : min(line_end, position + STAMP_BYTES + 2)]
        yield from _faults_of_line(head, position, latest)
        yield from _joined(data, position, line_end, head)
        latest = max(latest, head[:STAMP_BYTES] if STAMP.match(head) else b"")
        position = line_end + 1
        if position - told >= _STEP_BYTES:
            passed(position - told)
            told = position
        if line_end >= end or (position == end and data[line_end : line_end + 1] != END):
            yield Fault(end, "the end marker (a NUL) is missing")
        elif data[line_end : line_end + 1] == END and position < end:
            yield Fault(line_end, "a NUL that is not the last byte")


def _joined(data: bytes | mmap, position: int, line_end: int, head: bytes) -> Iterator[Fault]:
    found = _JOINED.search(data, position + STAMP_BYTES, line_end)
    # An event may speak of a time; one of before is no line's that stood behind this one.
    if found and data[found.end() : found.end() + STAMP_BYTES] >= head[:STAMP_BYTES]:
        yield Fault(found.start(), "a timestamp within a line, as if two lines had been joined")


def _line_end(data: bytes | mmap, position: int) -> int:
    found = _LINE.match(data, position)
    assert found is not None
    return found.end()


def _faults_of_line(head: bytes, position: int, latest: bytes) -> Iterator[Fault]:
    if not head:
        yield Fault(position, "an empty line")
    elif not STAMP.match(head):
        yield Fault(position, f"a line that does not begin with a timestamp and a space: {head[:STAMP_BYTES]!r}")
    elif len(head) <= STAMP_BYTES + 1:
        yield Fault(position, "a line without an event")
    elif head[:STAMP_BYTES] < latest:
        yield Fault(
            position, f"a timestamp before an earlier line's: {head[:STAMP_BYTES].decode()} after {latest.decode()}"
        )
