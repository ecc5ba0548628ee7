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
import stat

from everstore.errors import ConfigError, DirectoryInUse, NoSpace, StorageFailed
from everstore.journal.names import OWN_FOLDER
from everstore.storage.commit_log import path_of as log_path_of
from everstore.storage.disk import DIRECTORY_MODE, FILE_MODE, Disk
from everstore.storage.records import SECTOR_BYTES, decode_header
from everstore.storage.trust import doubt_everything

LOCK = OWN_FOLDER + "/lock"
_COMMIT_LOG = re.compile(r"worker-([1-9]\d*)\.commits\Z")


def claim(path: str, who: str) -> int:
    """Make the directory if need be, and lock it for this process and the workers it will fork.

    Returns the lock's descriptor, which stays open until the last of them has ended: then, and not before, may
    another server work here. `who` (one line) tells that one who is here; see `sign`.

    Raises:
        DirectoryInUse: another server is at work; the message says which.
        ConfigError: the directory cannot be made or written.
    """
    # Whatever mask this process was started with: files and directories get the modes that they are made with here.
    os.umask(0o777 & ~DIRECTORY_MODE)
    try:
        os.makedirs(path, DIRECTORY_MODE, exist_ok=True)
        os.makedirs(os.path.join(path, OWN_FOLDER), DIRECTORY_MODE, exist_ok=True)
        fd = os.open(os.path.join(path, LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        try:
            _lock(fd, path)
            # The lock is signed last, so that a first start that was cut off is made up for.
            if not os.fstat(fd).st_size and set(os.listdir(path)) - {OWN_FOLDER}:
                doubt_everything(Disk(path), "journals that were here before this server")
            sign(fd, who)
        except BaseException:
            os.close(fd)
            raise
    except (OSError, NoSpace, StorageFailed) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"--journals: {path} cannot be used as the journal directory: {why}") from error
    return fd


def sign(lock: int, who: str) -> None:
    """Say in the lock who holds it, for those who find it held."""
    line = who.encode() + b"\n"
    os.pwrite(lock, line, 0)
    os.ftruncate(lock, len(line))


def _lock(fd: int, path: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 1000, 0).decode(errors="replace").strip() or "an unknown process"
        raise DirectoryInUse(f"{path} is in use by {holder}") from None


def is_directory(path: str) -> bool:
    """As os.path.isdir, but what cannot be looked at is not taken for missing: that raises OSError."""
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def commit_logs(path: str) -> list[int]:
    """The workers (numbers from 1 on) that have a commit log here, of this run or of earlier ones."""
    with os.scandir(os.path.join(path, OWN_FOLDER)) as entries:
        found = [_COMMIT_LOG.match(entry.name) for entry in entries if entry.is_file(follow_symlinks=False)]
    return sorted(int(match[1]) for match in found if match)


def are_of_a_run_with(path: str, logs: list[int], workers: int) -> bool:
    """True when so many workers wrote these commit logs: then none of them holds a journal of another one."""
    for number in logs:
        with open(os.path.join(path, log_path_of(number)), "rb") as file:
            sector = file.read(SECTOR_BYTES)
        header = decode_header(sector)
        if header is None and not sector.strip(b"\0"):
            continue  # Its worker never got so far, and it holds nothing.
        if header is None or header.workers != workers:
            return False
    return True
