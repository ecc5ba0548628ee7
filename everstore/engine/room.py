"""Whether the disk has room for commits, and the commit log, which takes room itself.

A server starts on a full disk, too: its journals can be read. Where there is not even room for the commit log, the log
is begun as soon as there is.
"""

from __future__ import annotations

from collections.abc import Callable

from everstore import limits, log
from everstore.errors import NoSpace
from everstore.storage.commit_log import CommitLog
from everstore.storage.disk import Disk


class Room:
    """`begin_log` gives an empty commit log, or raises NoSpace: then it is asked again when there is room.

    `commit_log`: None as long as there is no room for one, and then nothing can be committed.
    """

    def __init__(self, disk: Disk, begin_log: Callable[[], CommitLog]) -> None:
        self._disk = disk
        self._begin_log = begin_log
        self._full = False
        self.commit_log = self._begun()

    def is_there_for(self, request_bytes: int) -> bool:
        """True when requests of so many bytes can be committed without touching the reserve."""
        free = self._disk.free_bytes() - limits.RESERVE_BYTES - limits.BLOCK_BYTES
        if self.commit_log is None and free > limits.COMMIT_LOG_BYTES:
            self.commit_log = self._begun()
        self._say_whether_full(self.commit_log is None or free <= 0)
        return not self._full and free > 2 * request_bytes

    def _begun(self) -> CommitLog | None:
        try:
            return self._begin_log()
        except NoSpace:
            return None

    def _say_whether_full(self, full: bool) -> None:
        if full and not self._full:
            needed = limits.RESERVE_BYTES + (limits.COMMIT_LOG_BYTES if self.commit_log is None else 0)
            log.error(
                f"the disk is full: {self._disk.free_bytes()} bytes are free, and over {needed} have to be; "
                "reads are served, commits are refused until there is room"
            )
        elif self._full and not full:
            log.warning("there is room on the disk again: commits are taken")
        self._full = full
