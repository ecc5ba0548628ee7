"""Reading a journal as the parts of a reply, one piece of the file at a time, so that a gigabyte needs no more memory
than a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from everstore import limits, log
from everstore.engine.journal import Journal
from everstore.errors import Code, Refused
from everstore.journal.text import END, StampCutter
from everstore.storage.journals import JournalFiles
from everstore.wire import replies

PART_BYTES = limits.REPLY_BODY_BYTES_MAX - 4
"""Journal bytes in a full part: the body also holds their count."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A read: the bytes of a journal from `offset` up to `size`, both former sizes of it."""

    journal: Journal
    offset: int
    size: int
    with_stamps: bool


def read_replies(files: JournalFiles, wanted: Wanted, uid: int, worker: int) -> Iterator[bytes]:
    """The reply to a read, part by part. Begun only when the batch is durable: before, the bytes may not even be there.

    Every part but the last is full, and the last is not empty unless it is the only one. A failure ends it.
    """
    try:
        for data, more in _parts(files, wanted):
            yield replies.read_part(uid, worker, data, more)
    except Refused as refused:
        log.debug(refused.reason, worker=worker, journal=log.shown(wanted.journal.name))
        yield replies.error(uid, worker, refused.code)


def _parts(files: JournalFiles, wanted: Wanted) -> Iterator[tuple[bytes, bool]]:
    """(bytes, whether more follow)."""
    held = b""
    for piece in _pieces(files, wanted, _end_of_text(files, wanted)):
        held += piece
        while len(held) > PART_BYTES:
            yield held[:PART_BYTES], True
            held = held[PART_BYTES:]
    yield held, False


def _end_of_text(files: JournalFiles, wanted: Wanted) -> int:
    """Where the text to be read ends: before the marker that the size counts."""
    journal, size = wanted.journal, wanted.size
    if not files.begins_line(journal.name, wanted.offset):
        raise Refused(Code.READ_FAILED, f"byte {wanted.offset} is not the start of a line")
    if not files.begins_line(journal.name, size):
        raise Refused(Code.READ_FAILED, f"byte {size} is not the start of a line")
    return max(0, size - 1)


def _pieces(files: JournalFiles, wanted: Wanted, end: int) -> Iterator[bytes]:
    cutter = StampCutter()
    offset = wanted.offset
    while offset < end:
        piece = files.read(wanted.journal.name, offset, min(limits.READ_BYTES, end - offset))
        offset += len(piece)
        if END in piece:
            # Only in a damaged journal. Clients take a NUL for the end of everything.
            piece = piece.replace(END, b"\n")
        yield piece if wanted.with_stamps else cutter.cut(piece)
