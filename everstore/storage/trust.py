"""What is known about the journal directory beyond the journals' own bytes: two small text files in `.everstore/`.

Both are only ever appended to, a line at a time, since several workers may recover side by side.

`unvouched`: journals last written before a moment were not written under this server's commit logs – the original
wrote them, or the machine went down while durability was "os" – so a crash may have left them torn. Each is looked
at whole, and repaired by the table if need be, when it is first used. Each line is such a moment, in nanoseconds since
1970, a TAB, and the reason; the latest counts.

`damaged`: journals whose commit log vouches for bytes that are not there any more, a line each: name, TAB, what is
wrong. Nothing is appended to them, nor are they made anew, until `everstore repair` has been told to.
"""

from __future__ import annotations

import os
import time

from everstore.storage.disk import Disk

UNVOUCHED = ".everstore/unvouched"
DAMAGED = ".everstore/damaged"


class Trust:
    """The two files, read once."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._unvouched_ns = max(map(_moment, _read(disk, UNVOUCHED).splitlines()), default=0)
        self._damaged = damaged_lines(_read(disk, DAMAGED))

    def doubts(self, modified_ns: int) -> bool:
        """True when a crash that no commit log tells of may have touched a file last written at this time."""
        return modified_ns <= self._unvouched_ns

    @property
    def vouches_for_all(self) -> bool:
        """True when all journals were made by this server, and no commit log was ever lost or damaged."""
        return not self._unvouched_ns

    def damage_of(self, name: bytes) -> str:
        """What the log of damaged journals says of one, or nothing."""
        return self._damaged.get(name, b"").decode()

    def note_damage(self, name: bytes, what: str) -> None:
        """Add a journal to the damaged ones, durably."""
        self._damaged[name] = what.encode()
        self._disk.append(DAMAGED, b"%s\t%s\n" % (name, what.encode()))

    @property
    def damaged(self) -> dict[bytes, str]:
        """What is noted of damaged journals, by their names."""
        return {name: what.decode() for name, what in self._damaged.items()}

    def keep_only(self, damaged: set[bytes]) -> None:
        """A person has had the journals repaired: forget what was noted of all but these."""
        self._damaged = {name: what for name, what in self._damaged.items() if name in damaged}
        write_whole(self._disk, DAMAGED, b"".join(b"%s\t%s\n" % line for line in self._damaged.items()))


def _moment(line: bytes) -> int:
    """Nanoseconds since 1970. A line that somebody has spoilt doubts everything: looking twice harms nobody."""
    text = line.partition(b"\t")[0]
    return int(text) if text.isdigit() else 2**63


def damaged_lines(data: bytes) -> dict[bytes, bytes]:
    """The journals that the file `damaged` names, and what it says of each. A line without a TAB was torn, and is
    passed over.
    """
    parts = (line.partition(b"\t") for line in data.split(b"\n"))
    return {name: what for name, tab, what in parts if tab}


def doubt_everything(disk: Disk, why: str, modified_ns: int = 0) -> None:
    """From now on doubt all journals that were last written before now; or before `modified_ns`, when a file that was
    written last says that: then the clock has been set back since.
    """
    disk.append(UNVOUCHED, b"%d\t%s\n" % (max(time.time_ns(), modified_ns), why.encode()))


def write_whole(disk: Disk, path: str, data: bytes) -> None:
    """Replace a small file, so that after a crash it is the old or the new one, whole."""
    new = f"{path}.new-{os.getpid()}"
    fd = disk.create(new)
    try:
        disk.truncate(fd, 0)
        disk.write(fd, 0, data)
        disk.sync(fd)
    finally:
        disk.close(fd)
    disk.rename(new, path)
    disk.sync_directory(os.path.dirname(path))


def _read(disk: Disk, path: str) -> bytes:
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        return b""
    try:
        return disk.read(fd, 0, disk.size(fd))
    finally:
        disk.close(fd)
