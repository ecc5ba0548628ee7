"""Repairing one journal by the table of `journal/recovery.py`; what is cut off is kept beside it, never deleted.

The order makes it safe to be cut off anywhere: first the bytes that go are copied and durable, then the file is
cut, then markers are turned, then it is synced. Done again after any of these it comes to the same end.
"""

from __future__ import annotations

import mmap
import time

from everstore import log
from everstore.errors import StorageFailed
from everstore.journal.names import OWN_FOLDER, path_of
from everstore.journal.recovery import Verdict, judge
from everstore.storage.disk import Disk


def repair_by_table(disk: Disk, name: bytes, fd: int, elsewhere: bool = True) -> tuple[Verdict, str]:
    """Make a journal sound that a crash may have torn; say in the log what was done. Durable when it returns.
    `elsewhere`: see `keep_beside`.

    Returns:
        What the table made of it, and the path of the file in which the bytes that were cut off are kept, if any were.
    """
    verdict = judge_file(disk, fd)
    size = disk.size(fd)
    kept = ""
    if verdict.keep < size:
        kept = keep_beside(disk, path_of(name), disk.read(fd, verdict.keep, size - verdict.keep), elsewhere)
        disk.truncate(fd, verdict.keep)
        log.warning(
            f"repaired: from byte {verdict.keep} on there was {verdict.why}; {size - verdict.keep} bytes are in {kept}",
            journal=log.shown(name),
        )
    for marker in verdict.turn:
        disk.write(fd, marker, b"\n")
    if verdict.turn or kept:
        disk.sync(fd)
    return verdict, kept


def keep_beside(disk: Disk, path: str, data: bytes, elsewhere: bool = True) -> str:
    """Copy bytes that leave a journal into a new file `<path>.torn-<time>` beside it, durably; returns its path.

    Where no file can be made beside it, it is made at the same path below the server's own folder, if `elsewhere` is
    as good.
    """
    try:
        fd, kept = _new_file(disk, path)
    except (StorageFailed, OSError):
        if not elsewhere:
            raise
        fd, kept = _new_file(disk, f"{OWN_FOLDER}/kept/{path}")
    try:
        disk.write(fd, 0, data)
        disk.sync(fd)
    finally:
        disk.close(fd)
    # With the folders on the way, which may be new.
    disk.sync_all()
    return kept


def _new_file(disk: Disk, path: str) -> tuple[int, str]:
    first = kept = f"{path}.torn-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
    number = 0
    while True:
        try:
            return disk.create(kept, exclusive=True), kept
        except FileExistsError:
            number += 1
            kept = f"{first}-{number}"


def judge_file(disk: Disk, fd: int) -> Verdict:
    """What the table makes of a journal's file."""
    if disk.size(fd) == 0:
        return Verdict(0, (), "")
    # Mapped, not read: a journal may be larger than memory.
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        return judge(data)
