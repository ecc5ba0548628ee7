from __future__ import annotations

from itertools import count
from random import Random

import pytest
from simulation.disk import Platter, SimulatedDisk, in_memory

from everstore.engine.group_commit import GroupCommit
from everstore.engine.journal import Journal
from everstore.engine.room import Room
from everstore.errors import NoSpace, StorageFailed
from everstore.storage.commit_log import CommitLog
from everstore.storage.journals import JournalFiles
from everstore.storage.records import APPEND, Entry, Header
from everstore.storage.recovery import boot_id, recover
from everstore.storage.trust import Trust

LINE = b"2026-11-21T00:00:00.000 t 1"


class Full(SimulatedDisk):
    """No file can grow; the commit log has its room already."""

    def write(self, fd: int, position: int, data: bytes) -> None:
        if position + len(data) > self.size(fd):
            raise NoSpace("write: simulated")
        super().write(fd, position, data)


@pytest.mark.parametrize("durable", [False, True])
def test_a_refused_commit_does_not_come_back_after_a_power_cut(durable: bool) -> None:
    for seed in range(50):
        _refused_then_cut_off(durable, seed)


def _refused_then_cut_off(durable: bool, seed: int) -> None:
    platter = Platter(Random(seed), count(1).__next__)
    disk = Full(platter, lambda _: None)
    log = CommitLog(disk, 1, Header(1, 1, durable, clean=False, boot=b"the one before"))
    platter.sync_all()
    group = GroupCommit(disk, JournalFiles(disk, Trust(disk)), Room(disk, lambda: log), durable)
    journal = Journal(b"/a", 0, b"", "", 0.0)
    journal.pending = [LINE]
    assert group.commit([journal]) == {journal}
    platter.cut_power()
    with in_memory(platter):
        recover(roomy := SimulatedDisk(platter, lambda _: None), Trust(roomy), [1])
    assert not roomy.size_of("a.log"), f"seed {seed}"


def test_a_record_whose_sync_failed_is_durable_before_it_is_replayed() -> None:
    platter = Platter(Random(1), count(1).__next__)
    disk = SimulatedDisk(platter, lambda _: None)
    log = CommitLog(disk, 1, Header(1, 1, durable=True, clean=False, boot=boot_id()))
    platter.sync_all()
    log.append([Entry(APPEND, b"/a", 0, LINE + b"\0")])
    log.sync()
    log.append([Entry(APPEND, b"/a", len(LINE) + 1, LINE + b"\0")])
    platter.failing = 1.0
    with pytest.raises(StorageFailed):
        log.sync()
    platter.failing = 0.0
    recover(disk, Trust(disk), [1])
    platter.cut_power()
    recover(disk, Trust(disk), [1])
    assert not Trust(disk).damaged
    assert bytes(platter.files["a.log"].data) == LINE + b"\n" + LINE + b"\0"
