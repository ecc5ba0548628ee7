"""The group commit: how a batch becomes durable. All of the durability policy stands here.

1. The batch, all its journals' new bytes, is written to the commit log.
2. With durability "fsync" the log is synced: the one sync of the batch. With "os" it is not: the page cache
   outlives the process.
3. Each journal is appended to (new lines, then the old marker is turned). From here on a crash is repaired from the
   log.

Only then may anybody be answered. When the log is full, a checkpoint makes the journals themselves durable, and the
log starts anew.

Error handling: a full disk refuses what did not fit, and everything else is as it was. Anything worse is
`StorageFailed`: what is on disk is unknown, and only a new process that repairs first may go on. It is never tried
again.
"""

from __future__ import annotations

from collections.abc import Callable

from everstore.engine.journal import Journal
from everstore.engine.room import Room
from everstore.errors import NoSpace
from everstore.journal.text import text_of
from everstore.storage.commit_log import CommitLog
from everstore.storage.disk import Disk
from everstore.storage.journals import JournalFiles
from everstore.storage.records import APPEND, NOTES, Entry
from everstore.storage.remembered import NOTHING, Remembered


class GroupCommit:
    """Makes batches durable, in the order in which they come. `remembered` is what the log's next epoch begins with."""

    def __init__(self, disk: Disk, files: JournalFiles, room: Room, durable: bool) -> None:
        self.remembered: Callable[[], Remembered] = lambda: NOTHING
        self._disk = disk
        self._files = files
        self._room = room
        self._durable = durable

    @property
    def _log(self) -> CommitLog:
        assert self._room.commit_log is not None, "nothing is committed where there is no room for a log"
        return self._room.commit_log

    def has_space(self, request_bytes: int) -> bool:
        """True when requests of so many bytes can be committed without touching the reserve."""
        return self._room.is_there_for(request_bytes)

    def commit(self, journals: list[Journal]) -> set[Journal]:
        """Make the pending lines of these journals durable and visible; returns those for which there was no room.

        Raises:
            StorageFailed: any of it may be on disk, or not.
        """
        notes = [Entry(NOTES, each.name, each.noted_from, b"".join(each.notes)) for each in journals if each.notes]
        entries = [Entry(APPEND, each.name, each.durable_size, text_of(each.take_pending())) for each in journals]
        try:
            self._write_log(entries + notes)
        except NoSpace:
            return set(journals)
        without_room: list[int] = []
        for index, entry in enumerate(entries):
            try:
                self._files.append(entry.name, entry.base, entry.data)
            except NoSpace:
                without_room.append(index)
        if without_room:
            self._cancel([entries[index] for index in without_room])
        return {journals[index] for index in without_room}

    def checkpoint(self) -> None:
        """Make the journals durable by themselves, so that the log may begin anew."""
        if self._durable:
            self._disk.sync_all()
        self._log.recycle(self.remembered())

    def close(self) -> None:
        """Leave everything durable, whatever the setting, and a log with nothing to replay."""
        self._disk.sync_all()
        if self._room.commit_log is not None:
            self._room.commit_log.close(self.remembered())

    def _write_log(self, entries: list[Entry]) -> None:
        if not self._log.has_room(entries):
            self.checkpoint()
        self._log.append(entries)
        if self._durable:
            self._log.sync()

    def _cancel(self, entries: list[Entry]) -> None:
        # Before anybody is told that nothing was written, the log must not say otherwise after a crash. Synced whatever
        # the setting: that lets acknowledged commits be lost, and never refused ones come back.
        self._log.cancel(entries)
        self._log.sync()
