"""Repairing one journal by the table of `journal/recovery.py`; what is cut off is kept beside it, never deleted.

The order makes it safe to be cut off anywhere: first the bytes that go are copied and durable, then the file is
cut, then markers are turned, then it is synced. Done again after any of these it comes to the same end.
"""

from __future__ import annotations

import mmap
import os
import time

from everstore import log
from everstore.journal.names import path_of
from everstore.journal.recovery import Verdict, judge
from everstore.storage.disk import Disk


def repair_by_table(disk: Disk, name: bytes, fd: int) -> tuple[Verdict, str]:
    """Make a journal sound that a crash may have torn; say in the log what was done. Durable when it returns.

    Returns:
        What the table made of it, and the path of the file in which the bytes that were cut off are kept, if any were.
    """
    verdict = _judge_file(disk, fd)
    size = disk.size(fd)
    kept = ""
    if verdict.keep < size:
        kept = keep_beside(disk, path_of(name), disk.read(fd, verdict.keep, size - verdict.keep))
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


def keep_beside(disk: Disk, path: str, data: bytes) -> str:
    """Copy bytes that leave a journal into a new file `<path>.torn-<time>` beside it, durably; returns its path."""
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    number = 0
    while True:
        kept = f"{path}.torn-{stamp}" + (f"-{number}" if number else "")
        try:
            fd = disk.create(kept, exclusive=True)
            break
        except FileExistsError:
            number += 1
    try:
        disk.write(fd, 0, data)
        disk.sync(fd)
    finally:
        disk.close(fd)
    disk.sync_directory(os.path.dirname(path))
    return kept


def _judge_file(disk: Disk, fd: int) -> Verdict:
    if disk.size(fd) == 0:
        return Verdict(0, (), "")
    # Mapped, not read: a journal may be larger than memory.
    with mmap.mmap(fd, 0, access=mmap.ACCESS_READ) as data:
        return judge(data)
