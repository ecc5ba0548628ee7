"""A directory of journals without a server: which files are in it, and what is wrong with each. Nothing here writes."""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from everstore.errors import ConfigError, DirectoryInUse
from everstore.journal.inspection import Fault, faults
from everstore.journal.names import OWN_FOLDER, name_of
from everstore.journal.recovery import Verdict, judge
from everstore.storage.commit_log import path_of as log_path_of
from everstore.storage.directory import LOCK, commit_logs, is_directory
from everstore.storage.records import Log, decode
from everstore.storage.trust import DAMAGED, damaged_lines

_STEP_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Found:
    """A file: its path relative to the directory, and its journal's name, or None when it is no journal's."""

    path: str
    name: bytes | None


def refuse_if_in_use(path: str) -> None:
    """Look whether a server works here, without leaving a trace.

    Raises:
        DirectoryInUse: one does; the message says which.
        ConfigError: there is no such directory.
    """
    if not is_directory(path):
        raise ConfigError(f"{path} is not a directory")
    try:
        fd = os.open(os.path.join(path, LOCK), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 1000, 0).decode(errors="replace").strip()
        raise DirectoryInUse(f"{path} is in use by {holder}; stop it first") from None
    finally:
        os.close(fd)


def files(path: str) -> list[Found]:
    """Every file below `path` but the server's own, in the order of their paths. Symbolic links are not followed.

    Raises:
        OSError: a directory cannot be read. What was not looked at is not called sound.
    """
    found: list[Found] = []
    for folder, folders, names in os.walk(path, onerror=_raise):
        relative = os.path.relpath(folder, path)
        if relative == ".":
            folders[:] = [each for each in folders if each != OWN_FOLDER]
        links = [each for each in folders if os.path.islink(os.path.join(folder, each))]
        for name in names + links:
            below = name if relative == "." else f"{relative}/{name}"
            is_file = stat.S_ISREG(os.lstat(os.path.join(folder, name)).st_mode)
            found.append(Found(below, name_of(below) if is_file else None))
    return sorted(found, key=lambda each: each.path)


def size_of(path: str, found: Found) -> int:
    return os.path.getsize(os.path.join(path, found.path))


@contextmanager
def mapped(path: str, found: Found) -> Iterator[mmap.mmap | bytes]:
    """The bytes of a journal, for reading. Mapped, not read: it may be larger than memory."""
    if not size_of(path, found):
        yield b""
        return
    with (
        open(os.path.join(path, found.path), "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        yield data


def faults_of(path: str, found: Found, passed: Callable[[int], object] = int) -> Iterator[Fault]:
    """What is wrong with one journal's bytes. `passed` is told now and then how many more have been looked at."""
    with mapped(path, found) as data:
        yield from faults(data, passed)


def lines_of(path: str, found: Found) -> int:
    """How many events a sound journal holds."""
    with mapped(path, found) as data:
        steps = range(0, len(data), _STEP_BYTES)
        return sum(data[at : at + _STEP_BYTES].count(b"\n") for at in steps) + bool(data)


def verdict_of(path: str, found: Found) -> Verdict:
    """What the repair table would make of a journal."""
    with mapped(path, found) as data:
        return judge(data)


def noted(path: str) -> dict[bytes, str]:
    """What a server has noted of journals that its commit log could not be written onto."""
    try:
        with open(os.path.join(path, DAMAGED), "rb") as file:
            return {name: what.decode() for name, what in damaged_lines(file.read()).items()}
    except FileNotFoundError:
        return {}


def logs(path: str) -> dict[str, Log]:
    """The commit logs, decoded, by their paths relative to the directory."""
    if not is_directory(os.path.join(path, OWN_FOLDER)):
        return {}
    found: dict[str, Log] = {}
    for number in commit_logs(path):
        relative = log_path_of(number)
        with open(os.path.join(path, relative), "rb") as file:
            found[relative] = decode(file.read())
    return found


def waiting(found: dict[str, Log]) -> set[bytes]:
    """The journals onto which these logs have still to be written."""
    return {entry.name for each in found.values() for batch in each.batches for entry in batch}


def _raise(error: OSError) -> None:
    raise error
