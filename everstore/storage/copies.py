"""A directory of copies of journals, as `everstore backup` keeps it: laid out as a journal directory is, with nothing
of a server's in it, so that a copy of it is one.

A copy only ever grows, by the order in which a journal is appended to: new lines and a NUL behind the old NUL, then the
old NUL becomes a newline. What an interrupted backup has left is found by looking at the copy whole, and repaired as a
journal is, at the next one. Nothing is synced until `finish`: a copy can be made again, and a sync for each of a
hundred thousand would take minutes.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from everstore.errors import ConfigError, DirectoryInUse, EverstoreError, StorageFailed
from everstore.journal.inspection import Fault
from everstore.journal.names import OWN_FOLDER, path_of
from everstore.journal.text import END
from everstore.storage.directory import is_directory
from everstore.storage.disk import DIRECTORY_MODE, Disk
from everstore.storage.repair import repair_by_table
from everstore.storage.survey import Found, faults_of, files, mapped, refuse_if_in_use

_WRITE_BYTES = 1024 * 1024


class Differs(EverstoreError):
    """The journal is no longer what its copy says it was."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is there of a journal: its size, and where its last line begins; both 0 when there is nothing."""

    size: int = 0
    last_line: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """What copies have grown by: events, and bytes."""

    events: int = 0
    size: int = 0

    def __add__(self, other: Added) -> Added:
        return Added(self.events + other.events, self.size + other.size)


class Copies:
    """A directory of copies, locked for one backup. It is made if need be."""

    def __init__(self, path: str) -> None:
        """
        Raises:
            DirectoryInUse: a server works in it or above it, or another backup on it.
            ConfigError: it is a server's directory, or cannot be used.
        """
        _refuse_servers(path)
        try:
            os.makedirs(path, DIRECTORY_MODE, exist_ok=True)
            self._lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise ConfigError(f"{path} cannot be used as the directory of a backup: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DirectoryInUse(f"another backup is at work on {path}") from None
        self.path = path
        self._disk = Disk(path)

    def names(self) -> set[bytes]:
        """The journals of which there is a copy.

        Raises:
            ConfigError: a server's directory is somewhere below.
        """
        found = files(self.path)
        for each in found:
            if f"/{OWN_FOLDER}/" in f"/{each.path}":
                raise ConfigError(f"{os.path.join(self.path, each.path)} is a server's: take an empty directory")
        return {each.name for each in found if each.name is not None}

    def look(self, name: bytes) -> Copy:
        """What there is of a journal, all of it looked at; what an interrupted backup has left is made sound first.

        What that cuts off is kept beside the copy, in `NAME.log.torn-<time>`.
        """
        if self.fault(name):
            self._repair(name)
        with mapped(self.path, _found(name)) as data:
            return Copy(len(data), data.rfind(b"\n", 0, len(data)) + 1)

    def fault(self, name: bytes) -> Fault | None:
        """The first thing that is wrong with a copy."""
        return next(faults_of(self.path, _found(name)), None)

    def size_of(self, name: bytes) -> int:
        return self._disk.size_of(path_of(name))

    def extend(self, name: bytes, copy: Copy, since: int, lines: Iterable[bytes]) -> Added:
        """Add to a copy those of `lines`, the journal's from byte `since` on, that it does not have.

        Whatever is raised, also by `lines`, leaves the copy as it was.

        Raises:
            Differs: those that it has are not the same.
        """
        if not copy.size:
            return self._begin(name, lines)
        coming = iter(lines)
        with mapped(self.path, _found(name)) as held:
            _compare(held, since, coming)
        return self._append(path_of(name), copy.size, coming)

    def replace(self, name: bytes, lines: Iterable[bytes]) -> tuple[Added, str]:
        """Copy a journal anew that has become another one; the old copy is kept under the path returned."""
        path = path_of(name)
        kept = f"{path}.kept-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{os.getpid()}"
        added = self._write_new(path, lines)
        self._disk.rename(path, kept)
        if added.size:
            self._disk.rename(_new(path), path)
        return added, kept

    def finish(self) -> None:
        """Make everything durable.

        Raises:
            StorageFailed: what the disk has of the copies can no longer be told, since the page cache goes on showing
                them; nor can a later backup here.
        """
        try:
            self._disk.sync_all()
        except StorageFailed as error:
            raise StorageFailed(f"{error}: the copies may be incomplete; take an empty directory") from error

    def _begin(self, name: bytes, lines: Iterable[bytes]) -> Added:
        """Under another name first, so that the first copy of a journal is there whole or not at all."""
        path = path_of(name)
        added = self._write_new(path, lines)
        if added.size:
            self._disk.rename(_new(path), path)
        return added

    def _write_new(self, path: str, lines: Iterable[bytes]) -> Added:
        """A file for what is to become the copy at `path`; none when there are no lines."""
        self._disk.remove(_new(path))
        return self._append(_new(path), 0, iter(lines))

    def _append(self, path: str, size: int, lines: Iterator[bytes]) -> Added:
        first = next(lines, None)
        if first is None:
            return Added()
        fd = self._disk.create(path)
        try:
            added = self._write(fd, size, chain((first,), lines))
            if size:
                self._disk.write(fd, size - 1, b"\n")
        except BaseException:
            self._disk.truncate(fd, size)
            raise
        finally:
            self._disk.close(fd)
        return added

    def _write(self, fd: int, start: int, lines: Iterable[bytes]) -> Added:
        """Write lines and the marker behind them, in large pieces."""
        events, end, piece = 0, start, bytearray()
        for line in lines:
            piece += b"\n" * bool(events) + line
            events += 1
            if len(piece) >= _WRITE_BYTES:
                self._disk.write(fd, end, bytes(piece))
                end += len(piece)
                piece.clear()
        piece += END
        self._disk.write(fd, end, bytes(piece))
        return Added(events, end + len(piece) - start)

    def _repair(self, name: bytes) -> None:
        fd = self._disk.open(path_of(name))
        try:
            # A folder of a server's would make this a directory that no backup goes to.
            repair_by_table(self._disk, name, fd, elsewhere=False)
        finally:
            self._disk.close(fd)


def _compare(held: bytes | mmap.mmap, since: int, lines: Iterator[bytes]) -> None:
    """Take as many lines as the copy has, and hold them against it."""
    at = since
    while at < len(held):
        line = next(lines, None)
        if line is None:
            raise Differs(f"it ends at byte {at}, and its copy has {len(held)}")
        end = at + len(line)
        if held[at:end] != line or held[end : end + 1] not in (b"\n", END):
            raise Differs(f"it differs from its copy in the line at byte {at}")
        at = end + 1


def _found(name: bytes) -> Found:
    return Found(path_of(name), name)


def _new(path: str) -> str:
    return f"{path}.new"


def _refuse_servers(path: str) -> None:
    """Neither in a server's journals, where it would take the copies for journals, nor in what a server has left."""
    above = os.path.realpath(path)
    while True:
        if is_directory(above):
            refuse_if_in_use(above)
        if is_directory(os.path.join(above, OWN_FOLDER)):
            raise ConfigError(f"{above} is a server's journal directory: a backup goes elsewhere")
        if above == os.path.dirname(above):
            return
        above = os.path.dirname(above)
