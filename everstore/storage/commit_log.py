"""One worker's commit log file: preallocated, appended to batch by batch, recycled at a checkpoint.

The state on disk is always one of: an epoch's header and its batches so far; a new epoch's header and none.
`append` does not sync, `sync` does: the group commit decides when.
"""

from __future__ import annotations

from everstore import limits
from everstore.storage.disk import Disk
from everstore.storage.records import CANCEL, SECTOR_BYTES, Entry, Header, encode_record, record_bytes

SLACK_BYTES = 64 * 1024
"""Room at the end that batches leave, so that a cancellation always finds some: it must not need a checkpoint, or
space.
"""


def path_of(worker: int) -> str:
    """The commit log of a worker (from 1 on), relative to the journal directory."""
    return f".everstore/worker-{worker}.commits"


class CommitLog:
    """An open commit log that is empty, in a new epoch.

    Raises (everything here): NoSpace when the disk is full and the log is as it was, StorageFailed otherwise.
    """

    def __init__(self, disk: Disk, worker: int, epoch: int, durable: bool, boot: bytes) -> None:
        self._disk = disk
        self._durable = durable
        self._boot = boot
        self._epoch = epoch
        self._fd = disk.create(path_of(worker))
        if disk.size(self._fd) != limits.COMMIT_LOG_BYTES:
            # Whatever its size was, what it held has been replayed by now.
            disk.truncate(self._fd, 0)
            disk.allocate(self._fd, limits.COMMIT_LOG_BYTES)
        self._size = limits.COMMIT_LOG_BYTES
        self._start_epoch(clean=False)
        disk.sync(self._fd)

    def has_room(self, entries: list[Entry]) -> bool:
        """True when the batch fits before a checkpoint."""
        return self._position + record_bytes(entries) <= self._size - SLACK_BYTES

    def append(self, entries: list[Entry]) -> None:
        """Write one batch. A batch larger than an empty log makes the file grow until the next checkpoint."""
        needed = self._position + record_bytes(entries) + SLACK_BYTES
        if needed > self._size:
            self._disk.allocate_more(self._fd, needed)
            self._size = needed
        self._write(entries)

    def cancel(self, entries: list[Entry]) -> None:
        """Take back these appends of the last batch."""
        self._write([Entry(CANCEL, entry.name, entry.base, b"") for entry in entries])

    def sync(self) -> None:
        self._disk.sync(self._fd)

    def recycle(self) -> None:
        """Forget all batches: the journals are as durable as they have to be. Durable itself with the next sync."""
        if self._size != limits.COMMIT_LOG_BYTES:
            self._disk.truncate(self._fd, limits.COMMIT_LOG_BYTES)
            self._size = limits.COMMIT_LOG_BYTES
        self._start_epoch(clean=False)

    def close(self) -> None:
        """Leave a log that says: nothing to replay, shut down in order."""
        self._start_epoch(clean=True)
        self._disk.sync(self._fd)
        self._disk.close(self._fd)

    def _start_epoch(self, clean: bool) -> None:
        # Written before it counts: a write that fails must leave the old epoch in force, here as on the disk.
        self._disk.write(self._fd, 0, Header(self._epoch + 1, self._durable, clean, self._boot).encode())
        self._epoch += 1
        self._sequence = 0
        self._position = SECTOR_BYTES

    def _write(self, entries: list[Entry]) -> None:
        record = encode_record(self._epoch, self._sequence, entries)
        self._disk.write(self._fd, self._position, record)
        self._position += len(record)
        self._sequence += 1
