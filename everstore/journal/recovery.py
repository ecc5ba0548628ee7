"""The repair table: what a crash can leave in a journal that no commit log vouches for, and what becomes of it.

A journal is whole transactions, each ended by a NUL that the next one turns into a newline. Walking it from its start:

| behind a segment stands | it is | why |
| --- | --- | --- |
| one NUL, the file's last byte and its only one | kept | sound |
| one NUL, all lines begin with a timestamp | kept | a whole transaction; a further one should have turned the NUL |
| nothing: the file ends without a NUL | cut | torn while it was appended |
| a NUL right at its start | cut | zeros: the file grew before its data came |
| zeros, then further bytes | cut | a hole: the data came in another order |
| zeros up to the end of the file, from a sector's edge on | cut | torn there; the first zero is no end marker |
| zeros up to the end of the file, from elsewhere on | kept | tears fall on edges, so the first is the marker |
| one NUL, but a line begins without a timestamp | cut | not what this server or the original writes |

From the first segment that is cut on, everything goes. What goes is kept beside the journal by the caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from mmap import mmap

from everstore.journal.text import END, first_unstamped_line

SECTOR_BYTES = 512
_NOT_ZERO = re.compile(rb"[^\0]")


class Ending(Enum):
    """How a segment ends; the value says it to a person."""

    MARKED = "a whole transaction"
    ZEROS_BEHIND = "a whole transaction with zeros behind it"
    UNMARKED = "a torn transaction without an end marker"
    EMPTY = "zeros where a transaction should begin"
    HOLE = "a torn transaction with zeros inside it"
    SECTOR_EDGE = "a torn transaction that breaks off at a sector's edge, zeros behind it"
    UNSTAMPED = "a line without a timestamp"


KEPT = frozenset({Ending.MARKED, Ending.ZEROS_BEHIND})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What repair makes of a journal: its first `keep` bytes, with the NULs at `turn` made newlines. `why` it is cut,
    or empty.
    """

    keep: int
    turn: tuple[int, ...]
    why: str


def judge(data: bytes | mmap) -> Verdict:
    """Apply the table to a whole journal; reads it once, holds a list of the NULs that were not turned."""
    if data.find(END) == len(data) - 1:
        return Verdict(len(data), (), "")
    markers: list[int] = []
    start = 0
    why = ""
    while start < len(data):
        marker, ending = _segment(data, start)
        if ending is not Ending.MARKED:
            why = ending.value
        if ending not in KEPT:
            break
        markers.append(marker)
        start = marker + 1
        if ending is Ending.ZEROS_BEHIND:
            break
    return Verdict(start, tuple(markers[:-1]), why)


def _segment(data: bytes | mmap, start: int) -> tuple[int, Ending]:
    """The position of the NUL that ends the segment at `start`, and how it ends."""
    marker = data.find(END, start)
    if marker < 0:
        return len(data), Ending.UNMARKED
    if marker == start:
        return marker, Ending.EMPTY
    if first_unstamped_line(data[start:marker]) is not None:
        return marker, Ending.UNSTAMPED
    if data[marker + 1 : marker + 2] != END:
        return marker, Ending.MARKED
    if _NOT_ZERO.search(data, marker):
        return marker, Ending.HOLE
    return marker, Ending.SECTOR_EDGE if marker % SECTOR_BYTES == 0 else Ending.ZEROS_BEHIND
