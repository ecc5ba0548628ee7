"""After a crash: the commit log's batches are written onto the journals again.

The log comes first (see ARCHITECTURE.md), so a crash can have touched only what the log names, and what it names is
known byte for byte. For each journal in the log its part, from the first logged byte to the last, is written as it
must be, whether or not it seems to stand there already: after a failed sync the page cache shows bytes that the
disk never got.

| the journal | of a sure log | of an unsure one (see recovery.py) |
| --- | --- | --- |
| can have come of the part by a crash | the part is written | the part is written |
| holds the part, and perhaps more | (more is damage, but for what is left of a cancelled append) | written again |
| misses what stood before the part, or has something else there | damage | left as it is |
| must not be written: immutable, over a limit, no file | damage | damage |

Damage is what no crash explains: it is noted, and nothing is appended to that journal. Where the part is not written
though the journal does not hold it, what the log knows is kept beside it. An unsure log's journals are then all
judged by the table of `journal/recovery.py`.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field

from everstore import log
from everstore.errors import StorageFailed
from everstore.journal.names import path_of
from everstore.journal.recovery import judge
from everstore.journal.text import END, pieces
from everstore.storage.disk import Disk, said_of_one_file
from everstore.storage.records import APPEND, NOTES, Entry
from everstore.storage.repair import keep_beside
from everstore.storage.trust import Trust

_PAGE = 512


@dataclass(slots=True)
class _Part:
    """What the log says of one journal: `image` stands at `base`; `undone` are the appends that were cancelled, and
    where they stood; no append, those included, went past `reach`.
    """

    base: int
    image: bytearray
    reach: int
    undone: list[tuple[int, bytes]] = field(default_factory=list)
    fault: str = ""


def replay(disk: Disk, trust: Trust, batches: list[list[Entry]], sure: bool) -> int:
    """Write all batches onto their journals; returns how many journals that were. Not yet durable.

    Raises:
        NoSpace, StorageFailed, OSError: repair cannot be finished now; it can be begun again.
    """
    parts = _parts(batches)
    for name, part in parts.items():
        fault = _write_or_say(disk, name, part, sure)
        if not fault:
            continue
        kept = keep_beside(disk, path_of(name), bytes(part.image))
        if sure:
            trust.note_damage(name, f"{fault}; what the commit log knows is in {kept}")
            log.error(f"damaged: {fault}; what the commit log knows is kept in {kept}", journal=log.shown(name))
        else:
            log.warning(f"{fault}; what the commit log knows is kept in {kept}", journal=log.shown(name))
    return len(parts)


def _parts(batches: list[list[Entry]]) -> dict[bytes, _Part]:
    parts: dict[bytes, _Part] = {}
    for entry in (entry for batch in batches for entry in batch if entry.kind != NOTES):
        part = parts.setdefault(entry.name, _Part(entry.base, bytearray(), entry.base))
        at = entry.base - part.base
        if at != len(part.image) and entry.kind == APPEND:
            part.fault = f"what is logged ends at byte {part.base + len(part.image)}, then goes on at {entry.base}"
        elif entry.kind == APPEND:
            if at:
                part.image[at - 1 : at] = b"\n"
            part.image[at:] = b"".join(pieces(entry.data))
            part.reach = max(part.reach, entry.base + len(entry.data))
        else:
            part.undone.append((entry.base, bytes(part.image[at:])))
            del part.image[at:]
            if at:
                part.image[at - 1 :] = END
    return parts


def _write_or_say(disk: Disk, name: bytes, part: _Part, sure: bool) -> str:
    """Bring one journal up to the log; returns what makes that impossible, or nothing."""
    try:
        return _write(disk, name, part, sure)
    except (StorageFailed, OSError) as error:
        why = said_of_one_file(error)
        if not why:
            raise
        return f"the file cannot be written: {why}"


def _write(disk: Disk, name: bytes, part: _Part, sure: bool) -> str:
    path = path_of(name)
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        if part.base:
            return f"the file is missing, though {part.base} bytes of it were acknowledged"
        fd = disk.create(path)
    try:
        if not sure and _holds(disk, fd, part):
            _write_again(disk, fd, part)
            return ""
        fault = _fault(disk, fd, part) or ("" if sure else _fault_before(fd, part))
        if not fault:
            _overwrite(disk, fd, path, part)
        return fault
    finally:
        disk.close(fd)


def _fault(disk: Disk, fd: int, part: _Part) -> str:
    size = disk.size(fd)
    if part.fault:
        return part.fault
    if size < part.base:
        return f"the file has {size} bytes, though {part.base} were acknowledged"
    if size > part.reach:
        return f"the file has {size} bytes, though only {part.reach} were ever written"
    if part.base and disk.read(fd, part.base - 1, 1) not in (END, b"\n"):
        return f"byte {part.base - 1} is not the end of a line"
    end = part.base + len(part.image)
    if size > end and not _is_undone(disk.read(fd, end, size - end), end, part.undone):
        return f"the file has {size} bytes, though only {end} were acknowledged, and the rest was never taken back"
    return ""


def _is_undone(rest: bytes, start: int, undone: list[tuple[int, bytes]]) -> bool:
    """True when each byte of `rest`, from position `start` on, is one of an append that was taken back, or zero."""
    return all(
        byte == 0 or any(data[at - base : at - base + 1] == bytes((byte,)) for base, data in undone if base <= at)
        for at, byte in enumerate(rest, start)
    )


def _fault_before(fd: int, part: _Part) -> str:
    """What is wrong with the bytes before the part, which nobody has kept durable: they may hold zeros, and the last
    of those is no marker.
    """
    if not part.base:
        return ""
    with mmap.mmap(fd, part.base, access=mmap.ACCESS_COPY) as data:
        data[-1:] = END
        found = judge(data)
    return "" if found.keep == part.base else f"before byte {part.base} there is {found.why}"


def _holds(disk: Disk, fd: int, part: _Part) -> bool:
    """True when the journal has the part already, with its last marker turned or not."""
    if not part.image:
        return False
    text = bytes(part.image[:-1])
    return disk.read(fd, part.base, len(part.image)) in (text + END, text + b"\n")


def _write_again(disk: Disk, fd: int, part: _Part) -> None:
    """What stands there: a replay before this one may have put it there, and then failed to sync it."""
    start = max(0, part.base - 1)
    disk.write(fd, start, disk.read(fd, start, part.base + len(part.image) - start))


def _overwrite(disk: Disk, fd: int, path: str, part: _Part) -> None:
    end = part.base + len(part.image)
    found = disk.read(fd, part.base, disk.size(fd) - part.base)
    if not _torn_from(found[: len(part.image)], bytes(part.image)):
        kept = keep_beside(disk, path, found)
        log.warning(
            f"bytes from {part.base} on were not what was committed; they are kept in {kept}", journal=log.shown(path)
        )
    if part.image:
        disk.write(fd, part.base, bytes(part.image))
    if part.base:
        disk.write(fd, part.base - 1, b"\n" if part.image else END)
    if part.base + len(found) > end:
        disk.truncate(fd, end)


def _torn_from(found: bytes, image: bytes) -> bool:
    """True when `found` is what a crash can leave of `image`: each byte as it should be, or zero, or a marker not yet
    turned.
    """
    if image.startswith(found):
        return True
    for at in range(0, len(found), _PAGE):
        here, there = found[at : at + _PAGE], image[at : at + _PAGE]
        if here != there and any(
            a not in (b, 0) and not (a == 10 and b == 0) for a, b in zip(here, there, strict=False)
        ):
            return False
    return True
