"""A state of the device as a mounted file system: written onto a loop device over a file in memory, mounted, and put
back afterwards, some hundred times a second.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from support.lab.recording import Write

_BLKDISCARD = 0x1277
_NEW_MOUNTS, _RECURSIVE, _PRIVATE = 0x20000, 0x4000, 0x40000  # of unshare(2) and mount(2)
_CHUNK_BYTES = 64 * 1024
_libc = ctypes.CDLL(None, use_errno=True)


class WillNotMount(Exception):
    """The file system itself refuses the state: it lies outside what a store on it can do anything about."""


def keep_mounts_to_ourselves() -> None:
    """Nobody else sees what this process mounts from now on.

    Whoever makes a mount namespace, as containers do, would otherwise take a copy of a mounted state with it, and hold
    it mounted while the next one is written below it: the file system then finds itself corrupt, and shuts down.
    """
    if _libc.unshare(_NEW_MOUNTS) or _libc.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None):
        raise OSError(ctypes.get_errno(), "there are no mount namespaces here")


@contextmanager
def mounted_device(device: str, path: Path, kind: str, options: str) -> Iterator[Path]:
    """Mount a device at `path`, which is made. Raises WillNotMount."""
    path.mkdir(exist_ok=True)
    if _libc.mount(device.encode(), bytes(path), kind.encode(), 0, options.encode()):
        raise WillNotMount(os.strerror(ctypes.get_errno()))
    try:
        yield path
    finally:
        if _libc.umount2(bytes(path), 0):
            raise OSError(ctypes.get_errno(), f"{path} cannot be unmounted")


class Scratch:
    """A device that can be set to any state of `image`. `apply` moves on what is flushed for good."""

    def __init__(self, image: Path, work: Path) -> None:
        self._size = image.stat().st_size
        self._flushed = _chunks(image)
        backing = work / "scratch"
        with open(backing, "wb") as file:
            file.truncate(self._size)
        self._device = subprocess.run(
            ["losetup", "-f", "--show", str(backing)], check=True, capture_output=True, text=True
        ).stdout.strip()
        self._fd = os.open(self._device, os.O_RDWR)
        self._mount = work / "mounted"

    def apply(self, writes: Iterable[Write]) -> None:
        """These writes are flushed: every state from now on has them."""
        for write in writes:
            _overlay(self._flushed, write)

    @contextmanager
    def mounted(self, state: Iterable[Write], kind: str, options: str) -> Iterator[Path]:
        """The path at which the state is mounted.

        Raises:
            WillNotMount: the file system refuses it.
        """
        fcntl.ioctl(self._fd, _BLKDISCARD, struct.pack("<QQ", 0, self._size))
        for at, chunk in self._flushed.items():
            os.pwrite(self._fd, chunk, at)
        for write in state:
            os.pwrite(self._fd, write.data, write.offset)
        # A file system reads files past the cache that these writes are in.
        os.fsync(self._fd)
        with mounted_device(self._device, self._mount, kind, options) as path:
            yield path

    def save(self, state: Iterable[Write], path: Path) -> None:
        """Write the state to a file."""
        with open(path, "wb") as file:
            file.truncate(self._size)
            for at, chunk in self._flushed.items():
                os.pwrite(file.fileno(), chunk, at)
            for write in state:
                os.pwrite(file.fileno(), write.data, write.offset)

    def close(self) -> None:
        os.close(self._fd)
        subprocess.run(["losetup", "-d", self._device], check=True)


def _chunks(image: Path) -> dict[int, bytearray]:
    """What of a file is not zero, by position."""
    found: dict[int, bytearray] = {}
    with open(image, "rb") as file:
        fd, end, at = file.fileno(), image.stat().st_size, 0
        while at < end:
            try:
                start = os.lseek(fd, at, os.SEEK_DATA) // _CHUNK_BYTES * _CHUNK_BYTES
            except OSError:
                break
            chunk = os.pread(fd, _CHUNK_BYTES, start)
            if chunk.strip(b"\0"):
                found[start] = bytearray(chunk)
            at = start + _CHUNK_BYTES
    return found


def _overlay(chunks: dict[int, bytearray], write: Write) -> None:
    at = 0
    while at < len(write.data):
        position = write.offset + at
        start = position // _CHUNK_BYTES * _CHUNK_BYTES
        inside = position - start
        part = write.data[at : at + _CHUNK_BYTES - inside]
        chunks.setdefault(start, bytearray(_CHUNK_BYTES))[inside : inside + len(part)] = part
        at += len(part)
