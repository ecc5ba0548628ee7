"""A disk in memory that forgets what was not synced when the power goes: `Disk`'s interface, sector by sector.

A power cut keeps of each file any mixture of old and new sectors and its old or its new size; names that were made or
removed and not synced may be as before. A failed sync forgets which sectors were dirty, as kernels do: a later one
succeeds and does not write them.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from random import Random
from typing import Any

from everstore import log
from everstore.errors import NoSpace, StorageFailed
from everstore.storage import repair, replay
from everstore.storage.disk import _NOT_A_PLACE, _Failures
from everstore.storage.records import SECTOR_BYTES

IN_PLACE = 0.9
_UNCERTAIN = _Failures("sync: simulated", full_is_certain=False)


class File:
    """`data` is what processes see, `durable` what the disk holds; `dirty` are the sectors to be written."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.durable = bytearray()
        self.dirty: set[int] = set()
        self.modified_ns = 0

    def write(self, position: int, data: bytes, now_ns: int) -> None:
        end = position + len(data)
        if position > len(self.data):
            self.data.extend(bytes(position - len(self.data)))
        self.data[position:end] = data
        self.dirty.update(range(position // SECTOR_BYTES, -(-end // SECTOR_BYTES)))
        self.modified_ns = now_ns

    def resize(self, size: int) -> None:
        grown = size - len(self.data)
        if grown > 0:
            self.data.extend(bytes(grown))
        else:
            del self.data[size:]

    def keep(self, sectors: set[int], size: int) -> None:
        """These sectors and this size reach the disk."""
        del self.durable[size:]
        self.durable.extend(bytes(size - len(self.durable)))
        for sector in sectors:
            start, end = sector * SECTOR_BYTES, min((sector + 1) * SECTOR_BYTES, size, len(self.data))
            if start < end:
                self.durable[start:end] = self.data[start:end]

    def sync(self) -> None:
        self.keep(self.dirty, len(self.data))
        self.dirty.clear()

    def cut_power(self, chance: Random) -> None:
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        size = chance.choice((len(self.data), len(self.durable)))
        self.keep({each for each in sorted(self.dirty) if chance.random() < share}, size)
        self.data[:] = self.durable
        self.dirty.clear()


class Platter:
    """All files, by their paths; outlives every process. `full` and `failing`, the share of the calls whose names begin
    with `failing_calls`, are faults under way; `strike`: the one call, so many from now, that fails with this errno.
    """

    def __init__(self, chance: Random, now_ns: Callable[[], int]) -> None:
        self.chance = chance
        self.now_ns = now_ns
        self.files: dict[str, File] = {}
        self.names_on_disk: dict[str, File] = {}
        self.open: dict[int, File] = {}
        self.full = False
        self.failing = 0.0
        self.failing_calls = ""
        self.strike = (-1, 0)
        self.descriptors = count(1000)

    def sync_names(self, folder: str | None = None) -> None:
        for path in self.files.keys() | self.names_on_disk.keys():
            if folder is None or os.path.dirname(path) == folder:
                self._name_reaches_disk(path)

    def sync_all(self) -> None:
        for file in self.files.values():
            file.sync()
        self.sync_names()

    def struck(self) -> int:
        """The errno with which this call fails, or 0."""
        calls, number = self.strike
        self.strike = (calls - 1, number)
        return number if calls == 0 else 0

    def cut_power(self) -> None:
        for path in sorted(self.files.keys() | self.names_on_disk.keys()):
            if self.chance.random() < 0.5:
                self._name_reaches_disk(path)
        self.files = dict(self.names_on_disk)
        for path in sorted(self.files):
            self.files[path].cut_power(self.chance)
        self.open.clear()

    def _name_reaches_disk(self, path: str) -> None:
        if path in self.files:
            self.names_on_disk[path] = self.files[path]
        else:
            self.names_on_disk.pop(path, None)


class Entry:
    """What `os.DirEntry` says of a name."""

    def __init__(self, name: str, folder: bool) -> None:
        self.name = name
        self._folder = folder

    def is_dir(self, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 - there are no links here
        return self._folder

    def is_file(self, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        return not self._folder


class SimulatedDisk:
    """One process's view. `interrupt` is called with each call's name: there the process may be killed, or wait."""

    def __init__(self, platter: Platter, interrupt: Callable[[str], None]) -> None:
        self._platter = platter
        self._interrupt = interrupt

    def open(self, path: str) -> int:
        self._interrupt("open")
        self._strike()
        if path not in self._platter.files:
            raise FileNotFoundError(errno.ENOENT, path)
        return self._opened(self._platter.files[path])

    def create(self, path: str, exclusive: bool = False) -> int:
        self._change("create", _Failures("create: simulated", passing=_NOT_A_PLACE))
        if exclusive and path in self._platter.files:
            raise FileExistsError(errno.EEXIST, path)
        return self._opened(self._platter.files.setdefault(path, File()))

    def read(self, fd: int, position: int, count: int) -> bytes:
        self._interrupt("read")
        self._strike()
        return bytes(self._platter.open[fd].data[position : position + count])

    def write(self, fd: int, position: int, data: bytes) -> None:
        file = self._platter.open[fd]
        try:
            self._change("write", in_place=position + len(data) <= len(file.data))
        except StorageFailed:
            file.write(position, data[: self._platter.chance.randrange(len(data) + 1)], self._platter.now_ns())
            raise
        except NoSpace:
            # A write that runs out of room ends at the edge of a block, as far as one was there.
            cut = -(-position // SECTOR_BYTES) * SECTOR_BYTES - position
            file.write(position, data[:cut] if cut < len(data) else b"", self._platter.now_ns())
            raise
        file.write(position, data, self._platter.now_ns())
        self._interrupt("written")

    def append(self, path: str, line: bytes) -> None:
        self._change("append")
        file = self._platter.files.setdefault(path, File())
        if file.data and file.data[-1:] != b"\n":
            line = b"\n" + line
        file.write(len(file.data), line, self._platter.now_ns())
        file.sync()
        self.sync_directory(os.path.dirname(path))

    def size(self, fd: int) -> int:
        return len(self._platter.open[fd].data)

    def size_of(self, path: str) -> int:
        file = self._platter.files.get(path)
        return len(file.data) if file else 0

    def modified_ns(self, fd: int) -> int:
        return self._platter.open[fd].modified_ns

    def truncate(self, fd: int, size: int) -> None:
        self._interrupt("truncate")
        self._fail("truncate")
        self._platter.open[fd].resize(size)

    def allocate(self, fd: int, size: int) -> None:
        self._change("allocate")
        file = self._platter.open[fd]
        file.write(0, bytes(size), self._platter.now_ns())

    def allocate_more(self, fd: int, size: int) -> None:
        self._change("allocate")
        file = self._platter.open[fd]
        file.resize(max(size, len(file.data)))

    def sync(self, fd: int) -> None:
        self._interrupt("sync")
        try:
            self._fail("sync", _UNCERTAIN)
        except StorageFailed:
            self._platter.open[fd].dirty.clear()
            raise
        self._platter.open[fd].sync()
        self._interrupt("synced")

    def sync_all(self) -> None:
        self._interrupt("sync")
        self._fail("sync_all", _UNCERTAIN)
        self._platter.sync_all()
        self._interrupt("synced")

    def sync_directory(self, path: str) -> None:
        self._interrupt("sync")
        self._fail("sync_directory", _UNCERTAIN)
        self._platter.sync_names(path)

    def free_bytes(self) -> int:
        return 0 if self._platter.full and self._platter.chance.random() < 0.5 else 2**40

    def rename(self, path: str, to: str) -> None:
        self._change("rename")
        self._platter.files[to] = self._platter.files.pop(path)

    def remove(self, path: str) -> None:
        self._interrupt("remove")
        self._fail("remove")
        self._platter.files.pop(path, None)

    def close(self, fd: int) -> None:
        self._platter.open.pop(fd, None)

    def entries(self, path: str) -> Iterator[Entry]:
        self._interrupt("entries")
        self._strike()
        prefix = path.rstrip("/") + "/" if path else ""
        found: dict[str, bool] = {}
        for each in sorted(self._platter.files):
            if each.startswith(prefix):
                name, slash, _ = each[len(prefix) :].partition("/")
                found[name] = bool(slash)
        yield from (Entry(name, folder) for name, folder in found.items())

    def _opened(self, file: File) -> int:
        fd = next(self._platter.descriptors)
        self._platter.open[fd] = file
        return fd

    def _change(self, what: str, failures: _Failures | None = None, in_place: bool = False) -> None:
        """`in_place`: there is room already, on most file systems."""
        self._interrupt(what)
        if self._platter.full and not (in_place and self._platter.chance.random() < IN_PLACE):
            raise NoSpace(f"{what}: simulated")
        self._fail(what, failures)

    def _fail(self, what: str, failures: _Failures | None = None) -> None:
        """As the product's disk does: an errno becomes an error of its own by what was being done."""
        with failures or _Failures(f"{what}: simulated"):
            self._strike()
        if what.startswith(self._platter.failing_calls) and self._platter.chance.random() < self._platter.failing:
            raise StorageFailed(f"{what}: simulated")

    def _strike(self) -> None:
        if number := self._platter.struck():
            raise OSError(number, os.strerror(number))


class Mapped(bytearray):
    """What `mmap.mmap` gives, for a file of a platter."""

    def __enter__(self) -> Mapped:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Mapping:
    """Stands in for the module `mmap`."""

    ACCESS_READ = ACCESS_COPY = 0

    def __init__(self, platter: Platter) -> None:
        self._platter = platter

    def mmap(self, fd: int, length: int, access: int) -> Mapped:  # noqa: ARG002 - as the module's
        data = self._platter.open[fd].data
        assert length <= len(data), "a map past the end of a file"
        return Mapped(data[: length or None])


@contextmanager
def in_memory(platter: Platter) -> Iterator[None]:
    """Recovery and repair map the files of a platter, and keep their log lines to themselves."""
    before: Any = replay.mmap, log._logger.disabled  # noqa: SLF001
    repair.mmap = replay.mmap = Mapping(platter)  # type: ignore[assignment]
    log._logger.disabled = True  # noqa: SLF001
    try:
        yield
    finally:
        repair.mmap = replay.mmap = before[0]
        log._logger.disabled = before[1]  # noqa: SLF001
