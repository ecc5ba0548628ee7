"""Native reads: from a position, a time or the end, all events or those of some types, oldest or newest first. Made
part by part while the client takes them, so that a gigabyte needs no more memory than a part and a line.

The text is cut at lines only to leave out events and to turn them round; where neither is asked for it goes on as it
stands in the file.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from typing import TypeAlias, TypeVar

from everstore import limits, log
from everstore.clock import STAMP_BYTES
from everstore.engine.journal import Journal
from everstore.errors import Code, Refused
from everstore.journal.text import END, PREFIX_BYTES, StampCutter
from everstore.storage.journals import JournalFiles
from everstore.wire import native, replies
from everstore.wire.native import End, Fetch, Start

PART_BYTES = limits.REPLY_BODY_BYTES_MAX - native.FETCHED_BYTES
"""Journal bytes in a full part."""

_PROBE_BYTES = 4096

T = TypeVar("T")
Steps: TypeAlias = Generator[bytes, None, T]
"""A result that may take long: nothing is yielded after each step."""


def fetched_replies(
    files: JournalFiles, journal: Journal, size: int, wanted: Fetch, with_stamps: bool, uid: int, worker: int
) -> Iterator[bytes]:
    """The reply to a fetch, part by part, and an empty one after each step that has made no part. Begun only when the
    batch is durable that the journal's `size` comes of.

    Every part but the last is full, and the last is not empty unless it is the only one. A failure ends it.
    """
    try:
        text = _Text(files, journal.name, size)
        start, end = yield from _range(text, wanted)
        for data, more in _full(_chosen(text, start, end, wanted, with_stamps)):
            yield native.fetched_part(uid, worker, start, end, data, more) if data or not more else b""
    except Refused as refused:
        log.debug(refused.reason, worker=worker, journal=log.shown(journal.name))
        yield replies.error(uid, worker, refused.code)


class _Text:
    """A journal's text as far as `size`, the markers at the ends of its commits as newlines."""

    def __init__(self, files: JournalFiles, name: bytes, size: int) -> None:
        self.size = size
        self._files = files
        self._name = name

    def at(self, position: int, count: int) -> bytes:
        """`count` bytes from `position`, or fewer at the end."""
        data = self._files.read(self._name, position, min(count, self.size - position))
        return data.replace(END, b"\n") if END in data else data

    def require_line(self, position: int) -> None:
        if not self._files.begins_line(self._name, position):
            raise Refused(Code.READ_FAILED, f"byte {position} is not the start of a line")

    def line_from(self, position: int) -> int:
        """Where the first line begins that does so at `position` or behind it."""
        if position <= 0:
            return 0
        at = position - 1
        while at < self.size:
            data = self.at(at, _PROBE_BYTES)
            newline = data.find(b"\n")
            if newline >= 0:
                return at + newline + 1
            at += len(data)
        return self.size

    def line_before(self, position: int) -> int:
        """Where the line begins that ends right before `position`, which begins one."""
        at = position - 1
        while at > 0:
            begin = max(0, at - _PROBE_BYTES)
            newline = self.at(begin, at - begin).rfind(b"\n")
            if newline >= 0:
                return begin + newline + 1
            at = begin
        return 0


def _range(text: _Text, wanted: Fetch) -> Steps[tuple[int, int]]:
    """Between which positions stands what is wanted."""
    if wanted.start_is in (Start.LAST, Start.LAST_BACKWARDS):
        end = _end(text, wanted)
        return (yield from _last(text, wanted, end)), end
    if wanted.end_is == End.BYTES:
        start = _start(text, wanted, text.size)
        return start, text.line_from(start + wanted.end)
    end = _end(text, wanted)
    return _start(text, wanted, end), end


def _end(text: _Text, wanted: Fetch) -> int:
    """Where it ends, if that can be told without its start."""
    if wanted.end_is == End.POSITION:
        end = min(wanted.end, text.size)
        text.require_line(end)
        return end
    if wanted.end_is == End.TIME:
        return _first_of(text, wanted.end)
    raise Refused(Code.READ_FAILED, f"there is no end of kind {wanted.end_is} for a start of kind {wanted.start_is}")


def _start(text: _Text, wanted: Fetch, end: int) -> int:
    """Where it starts, if that can be told without looking for it from the end."""
    if wanted.start_is == Start.TIME:
        return min(_first_of(text, wanted.start), end)
    if wanted.start_is == Start.POSITION:
        if wanted.start > end:
            raise Refused(Code.READ_FAILED, f"the position {wanted.start} is past the end {end}")
        text.require_line(wanted.start)
        return wanted.start
    raise Refused(Code.READ_FAILED, f"there is no start of kind {wanted.start_is}")


def _first_of(text: _Text, milliseconds: int) -> int:
    """Where the first event of this time or later begins: timestamps never go back, so it is searched for."""
    wanted = _stamp(milliseconds)
    low, high = 0, text.size
    while low < high:
        middle = text.line_from((low + high) // 2)
        if middle >= high:
            # The last line that begins before `high`: few remain, and they are looked at one by one.
            middle = text.line_before(high)
            if middle < low:
                break
        if text.at(middle, STAMP_BYTES) < wanted:
            low = text.line_from(middle + 1)
        else:
            high = middle
    return low


def _stamp(milliseconds: int) -> bytes:
    """A time as journals write it; later than all where no year can be written with four digits."""
    second, rest = divmod(milliseconds, 1000)
    if second > 253402300799:
        return b":"
    return b"%s.%03d" % (time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)).encode(), rest)


def _last(text: _Text, wanted: Fetch, end: int) -> Steps[int]:
    """Where the last events begin that are wanted."""
    start, missing = end, wanted.start
    for lines in _backwards(text, 0, end):
        for line in lines:
            if not missing:
                return start
            start -= len(line) + 1
            missing -= not wanted.types or _type(line) in wanted.types
        yield b""
    return start


def _type(line: bytes) -> bytes:
    """An event's type: its first word."""
    return line[PREFIX_BYTES:].partition(b" ")[0]


def _chosen(text: _Text, start: int, end: int, wanted: Fetch, with_stamps: bool) -> Iterator[bytes]:
    """What is sent, in pieces, some of them empty."""
    if wanted.start_is == Start.LAST_BACKWARDS:
        yield from _joined(_backwards(text, start, end), wanted.types, with_stamps)
    elif wanted.types:
        yield from _joined(_forwards(text, start, end), wanted.types, with_stamps)
    else:
        cutter = StampCutter()
        for piece in _pieces(text, start, end - 1):
            yield piece if with_stamps else cutter.cut(piece)


def _joined(pieces: Iterator[list[bytes]], types: frozenset[bytes], with_stamps: bool) -> Iterator[bytes]:
    cut = 0 if with_stamps else PREFIX_BYTES
    between = b""
    for lines in pieces:
        chosen = b"\n".join(line[cut:] for line in lines if not types or _type(line) in types)
        yield between + chosen if chosen else b""
        between = between or b"\n"[: len(chosen)]


def _pieces(text: _Text, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        piece = text.at(start, min(limits.READ_BYTES, end - start))
        start += len(piece)
        yield piece


def _forwards(text: _Text, start: int, end: int) -> Iterator[list[bytes]]:
    """All lines, some at a time."""
    held = b""
    for piece in _pieces(text, start, end):
        *lines, held = (held + piece).split(b"\n")
        yield lines


def _backwards(text: _Text, start: int, end: int) -> Iterator[list[bytes]]:
    """All lines, the last one first, some at a time."""
    held, at = b"", end - 1
    while at > start:
        begin = max(start, at - limits.READ_BYTES)
        held, *lines = (text.at(begin, at - begin) + held).split(b"\n")
        at = begin
        yield lines[::-1]
    if end > start:
        yield [held]


def _full(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """(bytes, whether more follow); no bytes after a step that has not filled a part."""
    held = b""
    for piece in pieces:
        held += piece
        if len(held) <= PART_BYTES:
            yield b"", True
        while len(held) > PART_BYTES:
            yield held[:PART_BYTES], True
            held = held[PART_BYTES:]
    yield held, False
