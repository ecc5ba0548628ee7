"""What a worker does before it serves: replay the commit logs that fall to it, make that durable, begin an empty log.

At any time each journal stands in at most one log: a run begins to serve only when all logs are empty, and in a run
each journal has one worker. So workers can recover side by side, and their number may change between runs.

| what the log says | what is done |
| --- | --- |
| no file, or zeros only | nothing: the worker never got so far |
| header, batches | replayed; synced, when the log was kept durable or the machine is the same since |
| durability "os", and the machine was started anew since | also: doubt all journals: their last bytes may be lost |
| something else | also: the log is kept aside, doubt all journals, and say so |
"""

from __future__ import annotations

import os
import time
from functools import cache

from everstore import log
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.disk import Disk
from everstore.storage.records import Log, decode
from everstore.storage.replay import replay
from everstore.storage.trust import Trust, doubt_everything


def recover(disk: Disk, trust: Trust, workers: list[int]) -> int:
    """Replay the logs of these workers and make the journals durable; returns the highest epoch found.

    Raises:
        NoSpace, StorageFailed, OSError: it cannot be finished now; nothing is lost, it can be begun again.
    """
    epoch = 0
    for worker in workers:
        found = _read(disk, worker)
        if found is None:
            continue
        _report_doubts(disk, worker, found)
        journals = replay(disk, trust, found.batches)
        if journals:
            log.info(f"replayed {len(found.batches)} batches onto {journals} journals", log=path_of(worker))
        # Without a header nobody knows which epochs its old records are from: no number in use is as high as the time.
        epoch = max(epoch, found.header.epoch if found.header else time.time_ns())
    disk.sync_all()
    return epoch


def begin_log(disk: Disk, worker: int, earlier: list[int], epoch: int, durable: bool) -> CommitLog:
    """An empty log for `worker` in a new epoch; the logs `earlier` of other numbers, replayed by now, go."""
    assert worker in earlier or not disk.size_of(path_of(worker)), "a log is replayed before it is begun anew"
    for other in earlier:
        if other != worker:
            disk.remove(path_of(other))
    log_file = CommitLog(disk, worker, epoch, durable, boot_id())
    # What is logged is durable only if the log's own name is, and a removed log must not come back.
    disk.sync_directory(".everstore")
    return log_file


@cache
def boot_id() -> bytes:
    """Tells one start of the machine from another: 36 bytes, or none where the system has no such thing."""
    try:
        with open("/proc/sys/kernel/random/boot_id", "rb") as file:
            return file.read(36)
    except OSError:
        return b""


def _read(disk: Disk, worker: int) -> Log | None:
    try:
        fd = disk.open(path_of(worker))
    except FileNotFoundError:
        return None
    try:
        return decode(disk.read(fd, 0, disk.size(fd)))
    finally:
        disk.close(fd)


def _report_doubts(disk: Disk, worker: int, found: Log) -> None:
    header = found.header
    if found.damage:
        aside = f"{path_of(worker)}.damaged-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}"
        disk.copy(path_of(worker), aside)
        doubt_everything(disk, f"the commit log of worker {worker} is damaged: {found.damage}")
        log.error(
            f"a commit log is damaged: {found.damage}; a copy is kept, and all journals are checked before use",
            log=aside,
        )
    elif header is not None and not header.durable and not header.clean and header.boot != boot_id():
        doubt_everything(disk, "the machine was started anew while durability was os")
        log.warning(
            'durability was "os" when the machine went down: all journals are checked before use',
            log=os.path.basename(path_of(worker)),
        )
