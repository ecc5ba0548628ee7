"""A directory of journals without a server: which files are in it, and what is wrong with each. Nothing here writes."""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass

from everstore.errors import ConfigError, DirectoryInUse
from everstore.journal.inspection import Fault, faults
from everstore.journal.names import OWN_FOLDER, name_of
from everstore.storage.directory import LOCK, commit_logs
from everstore.storage.disk import Disk
from everstore.storage.records import Log, decode
from everstore.storage.trust import Trust


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
    if not os.path.isdir(path):
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
    """Every file below `path` but the server's own, in the order of their paths. Symbolic links are not followed."""
    found: list[Found] = []
    for folder, folders, names in os.walk(path):
        relative = os.path.relpath(folder, path)
        if relative == ".":
            folders[:] = [each for each in folders if each != OWN_FOLDER]
        for name in names:
            below = name if relative == "." else f"{relative}/{name}"
            is_file = not os.path.islink(os.path.join(folder, name))
            found.append(Found(below, name_of(below) if is_file else None))
    return sorted(found, key=lambda each: each.path)


def faults_of(path: str, found: Found) -> Iterator[Fault]:
    """What is wrong with one journal's bytes."""
    full = os.path.join(path, found.path)
    if os.path.getsize(full):
        # Mapped, not read: a journal may be larger than memory.
        with open(full, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield from faults(data)


def logs(path: str) -> dict[str, Log]:
    """The commit logs, decoded, by their paths relative to the directory."""
    if not os.path.isdir(os.path.join(path, OWN_FOLDER)):
        return {}
    found: dict[str, Log] = {}
    for number in commit_logs(path):
        relative = f"{OWN_FOLDER}/worker-{number}.commits"
        with open(os.path.join(path, relative), "rb") as file:
            found[relative] = decode(file.read())
    return found


def noted(path: str) -> dict[bytes, str]:
    """What a server has noted of journals that its commit log could not be written onto."""
    return Trust(Disk(path)).damaged
