from __future__ import annotations

from itertools import count
from random import Random

import pytest
from simulation.disk import Platter, SimulatedDisk

from everstore.errors import StorageFailed
from everstore.storage.commit_log import CommitLog
from everstore.storage.records import APPEND, Entry, Header
from everstore.storage.recovery import boot_id, recover
from everstore.storage.trust import Trust

LINE = b"2026-11-21T00:00:00.000 t 1"


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
