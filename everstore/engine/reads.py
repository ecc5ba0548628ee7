"""Reading a journal as the parts of a reply, one piece of the file at a time, so that a gigabyte needs no more memory
than a line.
"""

from __future__ import annotations

from collections.abc import Iterator

from everstore import limits
from everstore.journal.text import END, StampCutter
from everstore.storage.journals import JournalFiles

PART_BYTES = limits.REPLY_BODY_BYTES_MAX - 4
"""Journal bytes in a full part: the body also holds their count."""


def parts(files: JournalFiles, name: bytes, offset: int, end: int, with_stamps: bool) -> Iterator[tuple[bytes, bool]]:
    """The bytes of a journal from `offset`, a line's start, to `end`, as (bytes, whether more follow).

    Every part but the last is full, and the last is not empty unless it is the only one.

    Raises (while it is iterated):
        Refused: the file cannot be read.
    """
    held = b""
    for piece in _pieces(files, name, offset, end, with_stamps):
        held += piece
        while len(held) > PART_BYTES:
            yield held[:PART_BYTES], True
            held = held[PART_BYTES:]
    yield held, False


def _pieces(files: JournalFiles, name: bytes, offset: int, end: int, with_stamps: bool) -> Iterator[bytes]:
    cutter = StampCutter()
    while offset < end:
        piece = files.read(name, offset, min(limits.READ_BYTES, end - offset))
        offset += len(piece)
        if END in piece:
            # Only in a damaged journal. Clients take a NUL for the end of everything.
            piece = piece.replace(END, b"\n")
        yield piece if with_stamps else cutter.cut(piece)
