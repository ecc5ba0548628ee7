"""Journal files: opening them, looking at their tail, appending in two steps, reading. Few are open at a time.

    before       … old lines NUL
    step 1       … old lines NUL new lines NUL      one write, or some for a large commit
    step 2       … old lines \\n  new lines NUL      one byte

At no moment is there no end marker, so a copy of a live journal can be read too.
"""

from __future__ import annotations

import errno
import resource
import sys
from collections import OrderedDict
from collections.abc import Container
from dataclasses import dataclass

from everstore import limits, log
from everstore.clock import STAMP_BYTES
from everstore.errors import Code, NoSpace, Refused, StorageFailed
from everstore.journal.names import path_of
from everstore.journal.text import END, PREFIX_BYTES, STAMP, Text
from everstore.storage.disk import Disk, said_of_one_file
from everstore.storage.records import gathered
from everstore.storage.repair import judge_file, repair_by_table
from everstore.storage.trust import Trust

_TAIL_BYTES = 4096
_NOT_A_FILE = frozenset({errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EXDEV})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a journal is when it is first used: its `size` in bytes, its last timestamp, and what is wrong with it, if
    anything. The size of a damaged one counts only whole transactions.
    """

    size: int
    stamp: bytes
    damage: str


class JournalFiles:
    """The journal files of one worker, by name. At most `limits.OPEN_FILES_MAX` are open; the longest unused is closed
    for the next. `size_max`: how many bytes a file may have; checked before a commit is logged.
    """

    def __init__(self, disk: Disk, trust: Trust) -> None:
        self._disk = disk
        self._trust = trust
        self._open: OrderedDict[bytes, int] = OrderedDict()
        # Half of what the process may open: the rest is for the log, the channel, and a repair under way.
        self._open_max = min(limits.OPEN_FILES_MAX, _allowed(resource.RLIMIT_NOFILE) // 2)
        self.size_max = _allowed(resource.RLIMIT_FSIZE)

    def load(self, name: bytes) -> Loaded:
        """Look at a journal that was not in use, and repair it first if a crash may have touched it.

        Raises:
            Refused: the name is not valid (code 8), its file cannot be read (code 5), or there is no room to repair
                it (code 15).
            StorageFailed: repairing it has failed: it is noted as damaged, and the next process serves the others.
        """
        damage = self._trust.damage_of(name)
        try:
            fd = self._descriptor(name)
            if fd is not None and not damage and self._trust.doubts(self._disk.modified_ns(fd)):
                damage = self._repair(name, fd)
            loaded = self._look(fd, damage)
        except OSError as error:
            raise _refusal(error) from error
        except NoSpace as error:
            raise Refused(
                Code.CANNOT_WRITE, f"it has to be repaired, and there is no room for that: {error}"
            ) from error
        if loaded.damage:
            log.error(f"damaged, so nothing is appended to it: {loaded.damage}", journal=log.shown(name))
        return loaded

    def _repair(self, name: bytes, fd: int) -> str:
        """Repair a journal that is in doubt; returns what makes that impossible, or nothing.

        Raises:
            StorageFailed: more than this journal may be lost, as when a sync fails.
        """
        try:
            repair_by_table(self._disk, name, fd)
        except StorageFailed as error:
            # Noted durably, since nobody knows what of the repair is on the disk, and the file does not look doubtful
            # any more: it has just been written.
            damage = f"it could not be repaired: {error}"
            self._trust.note_damage(name, damage)
            if not said_of_one_file(error):
                raise
            return damage
        return ""

    def _look(self, fd: int | None, damage: str) -> Loaded:
        if fd is None or not (size := self._disk.size(fd)):
            return Loaded(0, b"", damage)
        line = _last_line(self._disk, fd, size)
        if not damage and (not STAMP.match(line) or len(line) < PREFIX_BYTES + 2 or line[-1:] != END):
            damage = "it does not end as a journal does, in a line with a timestamp and one NUL"
        if damage:
            whole = judge_file(self._disk, fd).keep
            # An editor leaves a newline for the end marker: then all lines are there.
            edited = not whole and line[-1:] == b"\n" and STAMP.match(line)
            return Loaded(size if edited else whole, b"", damage)
        return Loaded(size, line[:STAMP_BYTES], "")

    def prepare(self, name: bytes) -> None:
        """Make the file of a new journal, still empty, before its first commit is logged: a record that could never be
        written onto its journal would stop every start.

        Raises:
            Refused: it cannot be made (code 15).
        """
        if name in self._open:
            return
        try:
            fd = self._disk.create(path_of(name))
        except (NoSpace, StorageFailed, OSError) as error:
            raise Refused(Code.CANNOT_WRITE, f"its file cannot be made: {error}") from error
        self._keep(name, fd)

    def append(self, name: bytes, base: int, data: bytes | Text) -> None:
        """Write `data`, which ends in a NUL, at `base`, the journal's size, and turn the marker before it.

        Raises:
            NoSpace: the journal is as it was.
            StorageFailed: who knows.
        """
        fd = self._descriptor(name)
        if fd is None and base:
            raise StorageFailed(f"the file of {name!r} is gone, though {base} bytes of it were acknowledged")
        if fd is None:
            fd = self._keep(name, self._disk.create(path_of(name)))
        try:
            at = base
            for piece in (data,) if isinstance(data, bytes) else gathered(data):
                self._disk.write(fd, at, piece)
                at += len(piece)
            if base:
                self._disk.write(fd, base - 1, b"\n")
        except NoSpace:
            self._disk.truncate(fd, base)
            raise

    def read(self, name: bytes, position: int, count: int) -> bytes:
        """`count` bytes from `position`.

        Raises:
            Refused: the file cannot be read, or is shorter than it was (code 5).
        """
        try:
            fd = self._descriptor(name)
            data = b"" if fd is None else self._disk.read(fd, position, count)
        except OSError as error:
            raise _refusal(error) from error
        if len(data) < count:
            raise Refused(Code.READ_FAILED, f"the file ends at byte {position + len(data)}, before it should")
        return data

    def begins_line(self, name: bytes, position: int) -> bool:
        """True when `position` is the journal's start or stands right behind a newline or an end marker."""
        return position == 0 or self.read(name, position - 1, 1) in (b"\n", END)

    def forget(self, name: bytes) -> None:
        """Close a journal's file, if it is open."""
        fd = self._open.pop(name, None)
        if fd is not None:
            self._disk.close(fd)

    def keep_only(self, names: Container[bytes]) -> None:
        """Close the files of all other journals: a long read may have opened one that is in use no more."""
        for name in [name for name in self._open if name not in names]:
            self.forget(name)

    def _descriptor(self, name: bytes) -> int | None:
        """The open file, or None when there is none."""
        fd = self._open.get(name)
        if fd is not None:
            self._open.move_to_end(name)
            return fd
        try:
            return self._keep(name, self._disk.open(path_of(name)))
        except FileNotFoundError:
            return None

    def _keep(self, name: bytes, fd: int) -> int:
        self._open[name] = fd
        if len(self._open) > self._open_max:
            # Behind the new one, which nobody else knows, since closing may fail; and then the worker must leave.
            self._disk.close(self._open.popitem(last=False)[1])
        return fd


def _allowed(what: int) -> int:
    """A limit of this process."""
    soft = resource.getrlimit(what)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _last_line(disk: Disk, fd: int, size: int) -> bytes:
    """The last line with its end marker; it may be longer than any one read."""
    count = _TAIL_BYTES
    while True:
        start = max(0, size - count)
        tail = disk.read(fd, start, size - start)
        before = max(tail.rfind(b"\n", 0, -1), tail.rfind(END, 0, -1))
        if before >= 0 or start == 0:
            # A NUL before the line is as wrong as none behind it: it stays in front, where no timestamp is.
            return tail[before:] if tail[before : before + 1] == END and before >= 0 else tail[before + 1 :]
        count *= 8


def _refusal(error: OSError) -> Refused:
    if error.errno in _NOT_A_FILE:
        return Refused(Code.NAME_INVALID, f"no journal can have this name here: {error.strerror}")
    return Refused(Code.READ_FAILED, f"its file cannot be read: {error.strerror}")
