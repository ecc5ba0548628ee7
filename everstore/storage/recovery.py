"""What a worker does before it serves: replay the commit logs that fall to it, make that durable, begin an empty log.

At any time each journal stands in at most one log: a run with another number of workers than its logs are from serves
only when all of them have been replayed, and in a run each journal has one worker. So workers can recover side by
side, and their number may change between runs.

| what the log says | what is done |
| --- | --- |
| no file, or zeros only | nothing: the worker never got so far |
| header, batches | replayed; synced, when the log was kept durable or the machine is the same since |
| durability "os", and the machine was started anew since | also: doubt all journals: their last bytes may be lost |
| something else | also: the log is kept aside, doubt all journals, and say so |

In the last two cases the log is *unsure*: it may have lost batches that the journals have, or the other way round.
"""

from __future__ import annotations

import os
import time
import zlib
from functools import cache
from typing import NamedTuple

from everstore import log
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.disk import Disk
from everstore.storage.records import Header, Log, decode
from everstore.storage.remembered import NOTHING, Remembered
from everstore.storage.remembered import decode as decode_remembered
from everstore.storage.remembered import path_of as remembered_path_of
from everstore.storage.replay import replay
from everstore.storage.trust import Trust, doubt_everything, write_whole

_EPOCHS_LOST_MAX = 2**32


class Recovered(NamedTuple):
    """`epoch`: the highest one found."""

    epoch: int
    remembered: Remembered


def recover(disk: Disk, trust: Trust, logs: list[int], all_mine: bool = True) -> Recovered:
    """Replay these logs, and make the journals durable. `all_mine`: no other log holds a journal of this worker.

    Raises:
        NoSpace, StorageFailed, OSError: it cannot be finished now; nothing is lost, it can be begun again.
    """
    epoch = 0
    remembered = Remembered(complete=all_mine)
    for worker in logs:
        data = _read(disk, path_of(worker))
        if data is None:
            remembered.complete &= _began_here(disk, trust, worker)
            continue
        found = decode(data)
        doubt = _doubt(disk, worker, data, found)
        if found.batches and not doubt:
            _make_durable(disk, worker, data)
        journals = replay(disk, trust, found.batches, sure=not doubt)
        if journals:
            log.info(f"replayed {len(found.batches)} batches onto {journals} journals", log=path_of(worker))
        if doubt:
            # Behind the replay, which is the last to write to these journals: only what was written before is doubted.
            doubt_everything(disk, doubt, _modified_ns(disk, worker))
        remembered.join(_remembered(disk, worker, found, unsure=bool(doubt)))
        epoch = max(epoch, _latest_epoch(found, unsure=bool(doubt)))
    disk.sync_all()
    return Recovered(epoch, remembered)


def begin_log(
    disk: Disk, worker: int, earlier: list[int], header: Header, remembered: Remembered = NOTHING
) -> CommitLog:
    """An empty log for `worker` in the epoch behind `header`'s; the logs `earlier` of other numbers, replayed by now,
    go.
    """
    assert worker in earlier or not disk.size_of(path_of(worker)), "a log is replayed before it is begun anew"
    for other in earlier:
        if other != worker:
            disk.remove(path_of(other))
            disk.remove(remembered_path_of(other))
    log_file = CommitLog(disk, worker, header, remembered)
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


def _began_here(disk: Disk, trust: Trust, worker: int) -> bool:
    """True when a worker without a log has not lost one."""
    left = decode_remembered(_read(disk, remembered_path_of(worker)) or b"", epoch=0)
    return trust.vouches_for_all and left.complete


def _remembered(disk: Disk, worker: int, found: Log, unsure: bool) -> Remembered:
    """What the log's worker knew. Nothing when the log is unsure: commits may be lost that it tells of."""
    if found.header is None or unsure:
        return Remembered(complete=False)
    remembered = decode_remembered(_read(disk, remembered_path_of(worker)) or b"", found.header.epoch)
    remembered.add(found.batches)
    return remembered


def _read(disk: Disk, path: str) -> bytes | None:
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        return None
    try:
        return disk.read(fd, 0, disk.size(fd))
    finally:
        disk.close(fd)


def _modified_ns(disk: Disk, worker: int) -> int:
    fd = disk.open(path_of(worker))
    try:
        return disk.modified_ns(fd)
    finally:
        disk.close(fd)


def _latest_epoch(found: Log, unsure: bool) -> int:
    """No record in the log is from an epoch behind this one: such a record would count again in that epoch."""
    if found.header is None:
        return time.time_ns()  # No number in use is as high.
    # A power cut may have kept records and taken back the headers before them: one for each checkpoint, a few thousand
    # a second at most, since the system last wrote that sector.
    return found.header.epoch + (_EPOCHS_LOST_MAX if unsure else 0)


def _make_durable(disk: Disk, worker: int, data: bytes) -> None:
    """Write a log again before anything is written that it must vouch for: when its sync failed, the page cache shows
    records that the disk never got, and a power cut would leave journals that are longer than their log.
    """
    fd = disk.open(path_of(worker))
    try:
        disk.write(fd, 0, data)
        disk.sync(fd)
    finally:
        disk.close(fd)


def _doubt(disk: Disk, worker: int, data: bytes, found: Log) -> str:
    """Why this log is unsure, or nothing. Said in the server's log; a damaged one is kept aside."""
    if found.header is not None and _lost_its_machine(found.header):
        log.warning(
            'durability was "os" when the machine went down: all journals are checked before use',
            log=os.path.basename(path_of(worker)),
        )
        return 'the machine went down while durability was "os"'
    if not found.damage:
        return ""
    # Named by what it holds, so that a recovery that has to be tried again does not fill the disk with copies.
    aside = f"{path_of(worker)}.damaged-{zlib.crc32(data):08x}"
    write_whole(disk, aside, data)
    log.error(
        f"a commit log is damaged: {found.damage}; a copy is kept, and all journals are checked before use",
        log=aside,
    )
    return f"the commit log of worker {worker} is damaged: {found.damage}"


def _lost_its_machine(header: Header) -> bool:
    """True when the machine may have gone down under a log that nobody kept durable."""
    same_machine = header.boot == boot_id() != b""
    return not header.durable and not header.clean and not same_machine
