"""The journal directory as a whole: who works on it, and what a start finds in it.

journals/
  user/42.log                    a journal
  user/42.log.torn-20261121T…    what repair cut off it
  .everstore/lock                who works here: held locked by the supervisor and all its workers
  .everstore/worker-1.commits    a worker's commit log
  .everstore/unvouched, damaged  see trust.py
"""

from __future__ import annotations

import fcntl
import os
import re

from everstore.errors import ConfigError, DirectoryInUse
from everstore.journal.names import OWN_FOLDER
from everstore.storage.disk import DIRECTORY_MODE, Disk
from everstore.storage.trust import doubt_everything

LOCK = OWN_FOLDER + "/lock"
_COMMIT_LOG = re.compile(r"worker-([1-9]\d*)\.commits\Z")


def claim(path: str, who: str) -> int:
    """Make the directory if need be, and lock it for this process and the workers it will fork.

    Returns the lock's descriptor, which stays open until the last of them has ended: then, and not before, may
    another server work here. `who` (one line) tells that one who is here.

    Raises:
        DirectoryInUse: another server is at work; the message says which.
        ConfigError: the directory cannot be made or written.
    """
    try:
        os.makedirs(path, DIRECTORY_MODE, exist_ok=True)
        adopting = not os.path.exists(os.path.join(path, LOCK)) and bool(set(os.listdir(path)) - {OWN_FOLDER})
        os.makedirs(os.path.join(path, OWN_FOLDER), DIRECTORY_MODE, exist_ok=True)
        fd = os.open(os.path.join(path, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise ConfigError(f"--journals: {path} cannot be used as the journal directory: {error.strerror}") from error
    _lock(fd, path)
    os.ftruncate(fd, 0)
    os.pwrite(fd, who.encode() + b"\n", 0)
    if adopting:
        doubt_everything(Disk(path), "journals that were here before this server")
    return fd


def _lock(fd: int, path: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 1000, 0).decode(errors="replace").strip() or "an unknown process"
        os.close(fd)
        raise DirectoryInUse(f"{path} is in use by {holder}") from None


def commit_logs(path: str) -> list[int]:
    """The workers (numbers from 1 on) that have a commit log here, of this run or of earlier ones."""
    found = (_COMMIT_LOG.match(entry) for entry in os.listdir(os.path.join(path, OWN_FOLDER)))
    return sorted(int(match[1]) for match in found if match)
