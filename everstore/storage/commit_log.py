"""One worker's commit log file: preallocated, appended to batch by batch, recycled at a checkpoint.

The state on disk is always one of: an epoch's header and its batches so far; a new epoch's header and none.
`append` does not sync, `sync` does: the group commit decides when.
"""

from __future__ import annotations

from dataclasses import replace

from everstore import limits
from everstore.errors import NoSpace, StorageFailed
from everstore.storage.disk import Disk
from everstore.storage.records import CANCEL, SECTOR_BYTES, Entry, Header, encode_record, needed_bytes
from everstore.storage.remembered import NOTHING, Remembered, encode
from everstore.storage.remembered import path_of as remembered_path_of
from everstore.storage.trust import write_whole


def path_of(worker: int) -> str:
    """The commit log of a worker (from 1 on), relative to the journal directory."""
    return f".everstore/worker-{worker}.commits"


class CommitLog:
    """An open commit log that is empty, in the epoch behind that of `header`, which says also what kind of run this is.
    `remembered`: what a successor is to know besides the journals, when an epoch begins.

    Raises (everything here): NoSpace when the disk is full and the log is as it was, StorageFailed otherwise.
    """

    def __init__(self, disk: Disk, worker: int, header: Header, remembered: Remembered = NOTHING) -> None:
        self._disk = disk
        self._worker = worker
        self._header = header
        self._fd = disk.create(path_of(worker))
        try:
            self._allocate()
            # Durable whatever the setting: what the last run has left here must not come back.
            self._start_epoch(remembered, clean=False, durably=True)
        except NoSpace:
            disk.close(self._fd)
            raise

    def _allocate(self) -> None:
        if self._disk.size(self._fd) != limits.COMMIT_LOG_BYTES:
            # Whatever its size was, what it held has been replayed by now.
            self._disk.truncate(self._fd, 0)
            try:
                self._disk.allocate(self._fd, limits.COMMIT_LOG_BYTES)
            except NoSpace:
                # A part of it would only take the room that is missing.
                self._disk.truncate(self._fd, 0)
                raise
        self._size = limits.COMMIT_LOG_BYTES

    def has_room(self, entries: list[Entry]) -> bool:
        """True when the batch fits before a checkpoint."""
        return self._position + needed_bytes(entries) <= self._size

    def append(self, entries: list[Entry]) -> None:
        """Write one batch. A batch larger than an empty log makes the file grow until the next checkpoint."""
        needed = self._position + needed_bytes(entries)
        if needed > self._size:
            self._disk.allocate_more(self._fd, needed)
            self._size = needed
        self._write(entries)

    def cancel(self, entries: list[Entry]) -> None:
        """Take back these appends of the last batch."""
        self._write([Entry(CANCEL, entry.name, entry.base, b"") for entry in entries])

    def sync(self) -> None:
        self._disk.sync(self._fd)

    def recycle(self, remembered: Remembered = NOTHING) -> None:
        """Forget all batches: the journals are as durable as they have to be."""
        if self._size != limits.COMMIT_LOG_BYTES:
            self._disk.truncate(self._fd, limits.COMMIT_LOG_BYTES)
            self._size = limits.COMMIT_LOG_BYTES
        self._start_epoch(remembered, clean=False, durably=self._header.durable)

    def close(self, remembered: Remembered = NOTHING) -> None:
        """Leave a log that says: nothing to replay, shut down in order."""
        self._start_epoch(remembered, clean=True, durably=True)
        self._disk.close(self._fd)

    def _start_epoch(self, remembered: Remembered, clean: bool, durably: bool) -> None:
        # Written before it counts: a write that fails must leave the old epoch in force, here as on the disk. Synced
        # before the first record: a power cut could keep that one and lose the header, and then it would stand among
        # records of the old epoch, which no crash explains.
        header = replace(self._header, epoch=self._header.epoch + 1, clean=clean)
        if remembered.says_anything:
            data = encode(remembered, header.epoch, limits.REMEMBERED_TYPES_BYTES_MAX)
            write_whole(self._disk, remembered_path_of(self._worker), data)
        self._put(0, header.encode())
        if durably:
            self._disk.sync(self._fd)
        self._header = header
        self._sequence = 0
        self._position = SECTOR_BYTES

    def _write(self, entries: list[Entry]) -> None:
        end = self._position
        for at, piece in encode_record(self._header.epoch, self._sequence, entries):
            self._put(self._position + at, piece)
            end = max(end, self._position + at + len(piece))
        self._position = end
        self._sequence += 1

    def _put(self, position: int, data: bytes) -> None:
        try:
            self._disk.write(self._fd, position, data)
        except NoSpace as full:
            if full.partly:
                # A record that lacks only its padding is one, and half a header is none: the log is not as it was.
                raise StorageFailed(f"{full}, within the commit log") from full
            raise
