"""Repairing a whole directory while no server works on it: what `everstore repair` does.

First the commit logs are replayed, as at a start; then the table is applied to every journal. Being told so by a person
is what allows it here: a server by itself does that only to journals that a crash explains.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from everstore.journal.names import OWN_FOLDER
from everstore.journal.recovery import Verdict
from everstore.storage.commit_log import path_of as log_path_of
from everstore.storage.directory import LOCK, claim, commit_logs, is_directory
from everstore.storage.disk import Disk
from everstore.storage.recovery import recover
from everstore.storage.remembered import Remembered, encode
from everstore.storage.remembered import path_of as remembered_path_of
from everstore.storage.repair import repair_by_table
from everstore.storage.survey import Found
from everstore.storage.trust import UNVOUCHED, Trust, write_whole


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a journal: its size before, the verdict, and where the rest is kept once it was applied."""

    found: Found
    size: int
    verdict: Verdict
    kept: str = ""

    @property
    def was_sound(self) -> bool:
        return self.verdict.keep == self.size and not self.verdict.turn


class Repair:
    """A directory that is locked for repair."""

    def __init__(self, path: str) -> None:
        self._disk = Disk(path)
        self._trust = Trust(self._disk)
        self._path = path

    def replay(self) -> int:
        """Write what the commit logs hold onto the journals, durably, and remove the logs; returns their number."""
        numbers = commit_logs(self._path)
        recover(self._disk, self._trust, numbers)
        for number in numbers:
            self._disk.remove(log_path_of(number))
            # What the log knew of clients' appends is not known to the next one.
            write_whole(self._disk, remembered_path_of(number), encode(Remembered(complete=False), 0, 0))
        return len(numbers)

    def journal(self, found: Found) -> Outcome:
        """Apply the table to one journal."""
        assert found.name is not None
        fd = self._disk.open(found.path)
        try:
            size = self._disk.size(fd)
            verdict, kept = repair_by_table(self._disk, found.name, fd)
        finally:
            self._disk.close(fd)
        return Outcome(found, size, verdict, kept)

    def noted(self) -> dict[bytes, str]:
        """What replays, this one or earlier ones, could not write, by the journals' names."""
        return self._trust.damaged

    def finish(self, damaged: set[bytes]) -> None:
        """Forget what is noted of all journals but these, and that any was in doubt. All is durable then."""
        if self._trust.damaged:
            self._trust.keep_only(damaged)
        self._disk.remove(UNVOUCHED)
        self._disk.sync_all()


@contextmanager
def locked(path: str) -> Iterator[Repair]:
    """Lock a directory for repair; the server's folder goes again if it was not there before.

    Raises:
        DirectoryInUse, ConfigError: see `claim`.
    """
    own = os.path.join(path, OWN_FOLDER)
    was_there = is_directory(own)
    lock = claim(path, f"everstore repair with process id {os.getpid()}")
    try:
        yield Repair(path)
    finally:
        if not was_there:
            os.remove(os.path.join(path, LOCK))
            with suppress(OSError):  # Something is kept in it: then it stays.
                os.rmdir(own)
        os.close(lock)
