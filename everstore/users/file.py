"""The file of users: read by the server, changed by `everstore users`.

A change replaces it whole, so that a reader or a crash meets the old one or the new one. Two who change it at once
follow each other: each holds a lock on the file's folder meanwhile.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from everstore import limits, log
from everstore.errors import ConfigError
from everstore.users.roll import Roll, Unreadable, User, parse, render


def read(path: str) -> dict[str, User]:
    """The users in a file.

    Raises:
        ConfigError: it cannot be read, or is no file of users.
    """
    try:
        text, mode = _text(path)
        users = parse(text)
    except OSError as error:
        raise ConfigError(f"--users: {path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, Unreadable) as error:
        why = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(f"--users: {path} is no file of users: {why}") from None
    if mode & stat.S_IRWXO:
        log.warning(f"--users: every user of this machine can get at {path}: chmod o= {path}")
    return users


@contextmanager
def changed(path: str) -> Iterator[dict[str, User]]:
    """The users of a file, none where it is missing, to be changed in the block; at its clean end they are written.

    Raises:
        ConfigError: as `read` does, or it cannot be written.
    """
    folder = os.path.dirname(os.path.abspath(path))
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"--users: {folder} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        users = read(path) if os.path.lexists(path) else {}
        yield users
        try:
            _replace(os.path.realpath(path), users)
        except OSError as error:
            raise ConfigError(f"--users: {path} cannot be written: {error.strerror}") from None
    finally:
        os.close(held)


def _text(path: str) -> tuple[str, int]:
    """The file's text and mode. It is opened so that a pipe without a writer holds nobody up."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise Unreadable("it is not a regular file")
        data = file.read(limits.USERS_FILE_BYTES_MAX + 1)
    if len(data) > limits.USERS_FILE_BYTES_MAX:
        raise Unreadable(f"it has more than {limits.USERS_FILE_BYTES_MAX} bytes")
    return data.decode(), mode


def _replace(path: str, users: Roll) -> None:
    aside = f"{path}.{secrets.token_hex(8)}"
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(render(users))
            file.flush()
            with suppress(FileNotFoundError):
                _take_over(descriptor, os.stat(path))
            os.fsync(descriptor)
        os.rename(aside, path)
    except BaseException:
        os.unlink(aside)
        raise
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _take_over(descriptor: int, old: os.stat_result) -> None:
    """Owner and group of the file before it, and its group's leave to read: a server that runs as somebody else must be
    able to read what root has changed.
    """
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o640 | 0o600)
