"""What can go wrong, told apart by whose fault it is and when it shows.

- *Theirs*: `Refused` – a request that cannot be served. It carries the wire code that answers it; nothing has
  happened.
- *The operator's*: `ConfigError`, `DirectoryInUse` – the server does not start, and says what would be right.
- *The disk's*: `NoSpace` – an ordinary answered error; `StorageFailed` – what is on disk is now unknown, the worker
  leaves.

A conflict is none of these: it is a normal result.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The error codes of the wire protocol; those from 13 on are this server's own."""

    UNKNOWN = 1
    AUTHENTICATION_FAILED = 2
    NO_SUCH_WORKER = 3
    JOURNAL_CLOSED = 4
    READ_FAILED = 5
    NO_SUCH_TRANSACTION = 6
    CONFLICT = 7
    NAME_INVALID = 8
    EVENTS_INVALID = 13
    JOURNAL_TOO_LARGE = 14
    CANNOT_WRITE = 15
    NOT_ALLOWED = 16
    APPEND_INVALID = 17
    NO_LANE = 18


class EverstoreError(Exception):
    """The base of everything that the server raises on purpose."""


class Refused(EverstoreError):
    """A request that is answered with an error: `code` goes over the wire, `reason` into the log."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class ConfigError(EverstoreError):
    """A setting has a value that it may not have, or settings contradict each other."""


class DirectoryInUse(EverstoreError):
    """Another server works on the journal directory."""


class NoSpace(EverstoreError):
    """The file system is full, or the quota is used up. Nothing was written, unless `partly`: then a part was."""

    partly = False


class StorageFailed(EverstoreError):
    """A write, sync or truncate failed part-way: only a new process that repairs first may go on."""
