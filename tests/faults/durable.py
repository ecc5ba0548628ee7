"""What the disk holds of each file, as against the page cache: what a successful sync has brought there. A failed sync
loses for good what waited for it, though the page cache goes on showing it, as measured on real file systems.

Names are taken to be durable at once; tests/crash breaks those.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[bytearray], None]


@dataclass(frozen=True, slots=True)
class _Change:
    """`make`: on a file's bytes. `modified_ns`: what the file says since."""

    call: str
    make: Callable[[bytearray], None]
    modified_ns: int


@dataclass(slots=True)
class _File:
    data: bytearray
    modified_ns: int


class Durable:
    """The files of one directory, by their inodes."""

    def __init__(self) -> None:
        self._on_disk: dict[int, _File] = {}
        self._waiting: dict[int, list[_Change]] = {}

    def before(self, call: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """A file is about to be changed: what it held before any change is on the disk. Or it is about to go, and its
        inode will be another file's.
        """
        if call in ("unlink", "remove"):
            self._forget(arguments[0], named.get("dir_fd"))
        elif call == "rename":
            self._forget(arguments[1], named.get("dst_dir_fd"))
        elif call in _CHANGES:
            found = os.fstat(arguments[0])
            if found.st_ino not in self._on_disk:
                with open(f"/proc/self/fd/{arguments[0]}", "rb") as file:
                    self._on_disk[found.st_ino] = _File(bytearray(file.read()), found.st_mtime_ns)

    def _forget(self, path: str, folder: int | None) -> None:
        with suppress(OSError):
            inode = os.stat(path, dir_fd=folder).st_ino
            self._on_disk.pop(inode, None)
            self._waiting.pop(inode, None)

    def forget_all(self) -> None:
        """Somebody else has been at the files: what is there is on the disk."""
        self._on_disk.clear()
        self._waiting.clear()

    def after(self, call: str, arguments: tuple[Any, ...], result: Any) -> None:
        if call in _CHANGES:
            found = os.fstat(arguments[0])
            change = _Change(call, _CHANGES[call](arguments, result), found.st_mtime_ns)
            self._waiting.setdefault(found.st_ino, []).append(change)
        elif call in ("fdatasync", "fsync"):
            self._sync(os.fstat(arguments[0]).st_ino)
        elif call == "syncfs":
            for inode in list(self._waiting):
                self._sync(inode)

    def failed(self, call: str, arguments: tuple[Any, ...]) -> None:
        """A sync has failed: bytes are lost, but not sizes, which go through the file system's journal."""
        if call in ("fdatasync", "fsync"):
            self._lose(os.fstat(arguments[0]).st_ino)
        elif call == "syncfs":
            for inode in self._waiting:
                self._lose(inode)

    def _lose(self, inode: int) -> None:
        waiting = self._waiting.get(inode, [])
        waiting[:] = [each for each in waiting if each.call in ("ftruncate", "posix_fallocate")]

    def _sync(self, inode: int) -> None:
        for change in self._waiting.pop(inode, ()):
            change.make(self._on_disk[inode].data)
            self._on_disk[inode].modified_ns = change.modified_ns

    def cut_power(self, directory: Path) -> None:
        """Leave in the directory what is on the disk."""
        for path in directory.rglob("*"):
            held = self._on_disk.get(path.stat().st_ino)
            if held is not None and path.is_file():
                path.write_bytes(held.data)
                os.utime(path, ns=(held.modified_ns, held.modified_ns))
        self._waiting.clear()


def _put(data: bytearray, position: int, new: bytes) -> None:
    data.extend(bytes(max(0, position + len(new) - len(data))))
    data[position : position + len(new)] = new


def _resize(data: bytearray, size: int) -> None:
    del data[size:]
    data.extend(bytes(size - len(data)))


def _pwrite(arguments: tuple[Any, ...], written: int) -> Make:
    _, data, position = arguments
    new = bytes(data[:written])
    return lambda held: _put(held, position, new)


def _write(arguments: tuple[Any, ...], written: int) -> Make:
    new = bytes(arguments[1][:written])
    return lambda held: _put(held, len(held), new)  # Only ever to files that are opened to append.


def _truncate(arguments: tuple[Any, ...], _: object) -> Make:
    return lambda held: _resize(held, arguments[1])


def _allocate(arguments: tuple[Any, ...], _: object) -> Make:
    return lambda held: _resize(held, max(len(held), arguments[1] + arguments[2]))


_CHANGES: dict[str, Callable[[tuple[Any, ...], Any], Make]] = {
    "pwrite": _pwrite,
    "write": _write,
    "ftruncate": _truncate,
    "posix_fallocate": _allocate,
}
