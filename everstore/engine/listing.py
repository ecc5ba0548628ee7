"""Listing journals: a page of names in byte order, found by walking the directories, a few entries at a time.

Nothing is remembered between pages, and at most one page of names is held: each directory on the way is looked
through for the smallest names behind the last one. Between two steps other requests are served. A journal that is
empty does not exist. A request's prefix may be several, joined by newlines, which no name holds.
"""

from __future__ import annotations

import errno
import heapq
import os
from collections.abc import Iterator
from itertools import islice

from everstore import limits
from everstore.errors import Code, Refused
from everstore.journal.names import OWN_FOLDER, SUFFIX, fault_of
from everstore.storage.disk import Disk
from everstore.wire import replies

NAMES_MAX = 4096
_BYTES_MAX = limits.REPLY_BODY_BYTES_MAX - 8
_NOT_USABLE = frozenset({errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV})
"""What a folder says that is somebody else's, as lost+found is, another file system's, or gone just now: there is no
journal in it that could be used.
"""
_BEHIND_ALL = b"\xff" * 256
"""Sorts behind every file's name."""


class Listing:
    """One page: at most `most` names that begin with `prefix`, or one of several, and sort behind `after`.

    Raises:
        Refused: there are too many prefixes.
    """

    def __init__(self, disk: Disk, prefix: bytes, after: bytes, most: int) -> None:
        self._disk = disk
        self._prefixes = tuple(prefix.split(b"\n", limits.LIST_PREFIXES_MAX))
        if len(self._prefixes) > limits.LIST_PREFIXES_MAX:
            raise Refused(Code.UNKNOWN, f"a listing has at most {limits.LIST_PREFIXES_MAX} prefixes")
        self._after = after
        self._most = min(most, NAMES_MAX)

    def replies(self, uid: int, worker: int) -> Iterator[bytes]:
        """The reply, after any number of empty ones that stand for steps."""
        names: list[bytes] = []
        held = 0
        more = False
        try:
            for name in self._walk(b"/"):
                if not name:
                    yield b""
                    continue
                held += len(name) + 1
                more = len(names) == self._most or held > _BYTES_MAX
                if more:
                    break
                names.append(name)
        except OSError:
            yield replies.error(uid, worker, Code.READ_FAILED)
        else:
            yield replies.listing(uid, worker, b"\n".join(names), more)

    def _walk(self, folder: bytes) -> Iterator[bytes]:
        """Journals below `folder` (ends in /) in order, and an empty name after each step."""
        behind = b""
        wanted = self._most + 1
        while True:
            page: list[bytes] = []
            last = _BEHIND_ALL
            for keys in self._steps(folder):
                page += [key for key in keys if behind < key < last and self._concerns(folder + key)]
                if len(page) > 2 * wanted:
                    page = heapq.nsmallest(wanted, page)
                    last = page[-1]
                yield b""
            page = heapq.nsmallest(wanted, page)
            for key in page:
                if key.endswith(b"/"):
                    yield from self._walk(folder + key)
                elif self._is_journal(folder + key):
                    yield folder + key
            if len(page) < wanted:
                return
            behind = page[-1]

    def _steps(self, folder: bytes) -> Iterator[list[bytes]]:
        """The keys of a directory's entries, some at a time: a journal's name, or a directory's with a / behind it.

        In this form a directory sorts exactly where the names in it do.
        """
        entries = self._disk.entries(os.fsdecode(folder[1:]))
        try:
            while step := list(islice(entries, limits.LIST_STEP_ENTRIES)):
                yield [key for entry in step if (key := _key(entry))]
        except OSError as error:
            if folder == b"/" or error.errno not in _NOT_USABLE:
                raise

    def _concerns(self, full: bytes) -> bool:
        """True for a name that is asked for, and a directory that may hold some."""
        if full.endswith(b"/"):
            in_prefix = full.startswith(self._prefixes) or any(each.startswith(full) for each in self._prefixes)
            return (
                in_prefix
                and (full > self._after or self._after.startswith(full))
                and full != b"/" + OWN_FOLDER.encode() + b"/"
            )
        return full.startswith(self._prefixes) and full > self._after

    def _is_journal(self, name: bytes) -> bool:
        try:
            return not fault_of(name) and self._disk.size_of(os.fsdecode(name[1:]) + SUFFIX) > 0
        except OSError as error:
            if error.errno not in _NOT_USABLE:
                raise  # It may well be one: to leave it out would be to say that there is none.
            return False


def _key(entry: os.DirEntry[str]) -> bytes:
    """What an entry sorts by; nothing for what is neither a journal nor a folder of some, such as a symbolic link."""
    if entry.is_dir(follow_symlinks=False):
        return os.fsencode(entry.name) + b"/"
    if entry.is_file(follow_symlinks=False) and entry.name.endswith(SUFFIX):
        return os.fsencode(entry.name.removesuffix(SUFFIX))
    return b""
