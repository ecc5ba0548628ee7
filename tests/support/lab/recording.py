"""The device's log: records of writes and flushes, in order.

record   kind 1 ("W" or "F") | offset 8 | length 4 | data
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from struct import Struct

_RECORD = Struct("<cQI")


@dataclass(frozen=True, slots=True)
class Write:
    offset: int
    data: bytes


@dataclass(slots=True)
class Epoch:
    """The writes between two flushes. `end`: where in the log the flush that ends it stands."""

    writes: list[Write] = field(default_factory=list)
    end: int = 0


def epochs(log: Path) -> list[Epoch]:
    """All epochs that hold a write; the last may have no flush behind it."""
    data = log.read_bytes()
    found = [Epoch()]
    at = 0
    while at < len(data):
        kind, offset, length = _RECORD.unpack_from(data, at)
        body = at + _RECORD.size
        if kind == b"W":
            found[-1].writes.append(Write(offset, data[body : body + length]))
        elif found[-1].writes:
            found[-1].end = at
            found.append(Epoch())
        at = body + length
    found[-1].end = at
    return [epoch for epoch in found if epoch.writes]
