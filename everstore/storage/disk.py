"""The file system calls that the server makes, each in one place and below one directory, so that tests can make any
of them fail.

Error handling: a full disk is `NoSpace`, and the caller has written nothing that matters yet; any other failed
write, sync, truncate or close is `StorageFailed`, and the caller must not go on. A failed sync is never tried again:
the kernel marks the pages clean, so the second one succeeds and the data is not there (measured on ext4, XFS and
btrfs). Reading and opening raise plain OSError.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType

from everstore.errors import NoSpace, StorageFailed

FILE_MODE = 0o640
DIRECTORY_MODE = 0o750

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_OF_ONE_FILE = frozenset(
    {errno.EPERM, errno.EACCES, errno.EFBIG, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.EXDEV},
)
_NOT_A_PLACE = (FileExistsError, NotADirectoryError, IsADirectoryError)
_libc = ctypes.CDLL(None, use_errno=True)
_ZEROS = bytes(64 * 1024)  # made before workers are forked, who share it


class _Failures:
    """Turns an OSError inside a `with` into ours. A class, since a generator would take 1 µs for every write."""

    __slots__ = ("_doing", "_full_is_certain", "_passing")

    def __init__(self, doing: str, passing: tuple[type[OSError], ...] = (), full_is_certain: bool = True) -> None:
        self._doing = doing
        self._passing = passing
        self._full_is_certain = full_is_certain

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError) and not isinstance(error, self._passing):
            if self._full_is_certain and error.errno in _FULL:
                raise NoSpace(f"{self._doing}: {error.strerror}") from error
            raise StorageFailed(f"{self._doing}: {error.strerror or error}") from error


_WRITING = _Failures("writing")
_SYNCING = _Failures("syncing", full_is_certain=False)
_CLOSING = _Failures("closing", full_is_certain=False)


class _Folder:
    """See `Disk._folder`. A class for the same reason: each journal that is opened needs one."""

    __slots__ = ("_disk", "_folder", "_make", "_name", "_parts")

    def __init__(self, disk: Disk, parts: list[str], name: str, make: bool) -> None:
        self._disk = disk
        self._parts = parts
        self._name = name
        self._make = make

    def __enter__(self) -> tuple[int, str]:
        self._folder = self._disk.enter(self._parts, self._make)
        return self._folder, self._name

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._disk.leave(self._folder)


class Disk:
    """The files below `root`. Paths are relative to it; a path's last component is never followed when it is a
    symbolic link.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        # Held open for as long as the process lives: syncfs reports through it every write-back error since it was
        # opened.
        self._directory = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._device = os.fstat(self._directory).st_dev

    def open(self, path: str) -> int:
        """A descriptor for reading and writing an existing file."""
        with self._folder(path) as (folder, name):
            return os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)

    def create(self, path: str, exclusive: bool = False) -> int:
        """As `open`; makes the file, and the directories on its way, when they are missing."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_EXCL if exclusive else 0)
        with _Failures(f"creating {path}", passing=_NOT_A_PLACE), self._folder(path, make=True) as (folder, name):
            return os.open(name, flags, FILE_MODE, dir_fd=folder)

    def _folder(self, path: str, make: bool = False) -> _Folder:
        """The folder that a path's last component is in, and that component, for a `with`."""
        *parts, name = path.split("/")
        return _Folder(self, parts, name, make)

    def enter(self, parts: list[str], make: bool) -> int:
        """A descriptor of the folder with these parts as its path, to be given to `leave`.

        Walked one by one: a symbolic link on the way could lead out of the directory, or make two names one file, and
        what is mounted below it is another file system, which a checkpoint would not sync.
        """
        folder = self._directory
        try:
            for part in parts:
                if make:
                    _make_directory(part, folder)
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
                self.leave(folder)
                folder = below
                if os.fstat(folder).st_dev != self._device:
                    raise OSError(errno.EXDEV, "another file system is mounted on its folder")
        except OSError:
            self.leave(folder)
            raise
        return folder

    def leave(self, folder: int) -> None:
        """Close a folder on the way. That fails for nobody who has only looked names up in it."""
        if folder != self._directory:
            with suppress(OSError):
                os.close(folder)

    def read(self, fd: int, position: int, count: int) -> bytes:
        """`count` bytes from `position`, fewer at the end of the file."""
        data = os.pread(fd, count, position)
        while len(data) < count:
            more = os.pread(fd, count - len(data), position + len(data))
            if not more:
                break
            data += more
        return data

    def write(self, fd: int, position: int, data: bytes) -> None:
        """Write all of `data`, or raise."""
        written = 0
        try:
            written = os.pwrite(fd, data, position)
            while written < len(data):
                written += os.pwrite(fd, memoryview(data)[written:], position + written)
        except OSError:
            try:
                with _WRITING:
                    raise
            except NoSpace as full:
                full.partly = written > 0
                raise

    def append(self, path: str, line: bytes) -> None:
        """Add a short line to a file, durably and in one piece. One that was torn before it stays a line of its own."""
        with _Failures(f"appending to {path}"):
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            with self._folder(path) as (folder, name):
                fd = os.open(name, flags, FILE_MODE, dir_fd=folder)
            try:
                size = os.fstat(fd).st_size
                if size and os.pread(fd, 1, size - 1) != b"\n":
                    line = b"\n" + line
                if os.write(fd, line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(fd)
            finally:
                os.close(fd)
        self.sync_directory(os.path.dirname(path))

    def size(self, fd: int) -> int:
        return os.fstat(fd).st_size

    def size_of(self, path: str) -> int:
        """The size of a file that is not open; 0 when there is none."""
        try:
            with self._folder(path) as (folder, name):
                return os.stat(name, dir_fd=folder, follow_symlinks=False).st_size
        except FileNotFoundError:
            return 0

    def modified_ns(self, fd: int) -> int:
        """When the file was last written, in nanoseconds since 1970."""
        return os.fstat(fd).st_mtime_ns

    def truncate(self, fd: int, size: int) -> None:
        with _Failures("truncating"):
            os.ftruncate(fd, size)

    def allocate(self, fd: int, size: int) -> None:
        """Give a file `size` bytes that are really on the disk, so that overwriting them takes no room and no
        metadata.
        """
        with _Failures("allocating"):
            os.posix_fallocate(fd, 0, size)
            for position in range(0, size, len(_ZEROS)):
                os.pwrite(fd, _ZEROS[: size - position], position)

    def allocate_more(self, fd: int, size: int) -> None:
        """Make room for a file to grow to `size` bytes, or raise NoSpace before anything is written."""
        with _Failures("allocating"):
            os.posix_fallocate(fd, 0, size)

    def sync(self, fd: int) -> None:
        """Make a file's bytes and size durable."""
        with _SYNCING:
            os.fdatasync(fd)

    def sync_all(self) -> None:
        """Make everything on the file system durable, directory entries included."""
        with _Failures("syncing the file system", full_is_certain=False):
            if _libc.syncfs(self._directory):
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

    def sync_directory(self, path: str) -> None:
        """Make a directory's entries durable."""
        with (
            _Failures(f"syncing the directory {path or '.'}", full_is_certain=False),
            self._folder(f"{path}/." if path else ".") as (folder, _),
        ):
            os.fsync(folder)

    def free_bytes(self) -> int:
        """What an ordinary user may still write."""
        room = os.fstatvfs(self._directory)
        return room.f_bavail * room.f_frsize

    def rename(self, path: str, to: str) -> None:
        with (
            _Failures(f"renaming {path}"),
            self._folder(path) as (folder, name),
            self._folder(to) as (other_folder, new_name),
        ):
            os.rename(name, new_name, src_dir_fd=folder, dst_dir_fd=other_folder)

    def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is as good."""
        with _Failures(f"removing {path}"), suppress(FileNotFoundError), self._folder(path) as (folder, name):
            os.unlink(name, dir_fd=folder)

    def close(self, fd: int) -> None:
        """Whatever it raises, the descriptor is gone. Some file systems say only here, and only once, that something
        could not be written: a sync of everything would not hear of it any more.
        """
        with _CLOSING:
            os.close(fd)

    def entries(self, path: str) -> Iterator[os.DirEntry[str]]:
        """The entries of a directory (which ends in a /, or is ""), in no order."""
        with self._folder(path) as (folder, _), os.scandir(folder) as entries:
            yield from entries


def _make_directory(name: str, folder: int) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, DIRECTORY_MODE, dir_fd=folder)


def said_of_one_file(error: StorageFailed | OSError) -> str:
    """What a failure says of the one file that it met, and will say again at the next try; nothing for one that may
    pass, or may have met other files, too.
    """
    cause = error if isinstance(error, OSError) else error.__cause__
    return cause.strerror or "" if isinstance(cause, OSError) and cause.errno in _OF_ONE_FILE else ""
