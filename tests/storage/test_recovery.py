"""A start on what an earlier one has left: other workers, other settings, damaged logs, journals from elsewhere."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
from support.embedded import Embedded, committed
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore import limits
from everstore.errors import ConfigError, DirectoryInUse, NoSpace
from everstore.storage import recovery
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.directory import LOCK, are_of_a_run_with, claim, commit_logs, sign
from everstore.storage.records import APPEND, SECTOR_BYTES, Entry, Header, decode
from everstore.storage.trust import Trust

HEADER = Header(0, workers=1, durable=True, clean=False, boot=b"")
LINE = b"2026-11-21T12:00:00.000 t 1"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / ".everstore").mkdir()
    return tmp_path


def logged(directory: Path, worker: int, name: bytes, durable: bool = True, boot: bytes | None = None) -> None:
    """A worker's log with one batch that did not reach its journal."""
    header = Header(0, workers=5, durable=durable, clean=False, boot=recovery.boot_id() if boot is None else boot)
    log = CommitLog(AbandonedDisk(str(directory)), worker, header)
    log.append([Entry(APPEND, name, 0, LINE + b"\0")])


def test_logs_of_more_workers_than_there_are_now_are_replayed_and_removed(directory: Path) -> None:
    for worker in (1, 3, 5):
        logged(directory, worker, b"/from/%d" % worker)
    store = Embedded(directory)
    assert [store.text(b"/from/%d" % worker) for worker in (1, 3, 5)] == [b"t 1"] * 3
    assert commit_logs(str(directory)) == [1]


def test_a_log_that_was_not_replayed_is_never_begun_anew(directory: Path) -> None:
    logged(directory, 1, b"/a")
    with pytest.raises(AssertionError, match="replayed"):
        recovery.begin_log(AbandonedDisk(str(directory)), 1, [], HEADER)


def test_a_damaged_log_is_kept_aside_and_every_journal_doubted(directory: Path) -> None:
    logged(directory, 1, b"/a")
    path = directory / path_of(1)
    data = bytearray(path.read_bytes())
    data[20] ^= 1
    path.write_bytes(data)
    (directory / "torn.log").write_bytes(LINE + b"\0" + LINE[:20])
    store = Embedded(directory)
    assert [each.read_bytes() for each in path.parent.glob("*.damaged-*")] == [bytes(data)]
    assert store.text(b"/torn") == b"t 1"


def test_a_clock_that_was_set_back_hides_no_journal_from_doubt(directory: Path) -> None:
    """Both were written when the clock was a day ahead; then the machine went down under "os"."""
    logged(directory, 1, b"/a", durable=False, boot=b"another")
    torn = directory / "torn.log"
    torn.write_bytes(LINE + b"\0" + LINE[:20])
    tomorrow_ns = time.time_ns() + 86_400 * 10**9
    for path in (torn, directory / path_of(1)):
        os.utime(path, ns=(tomorrow_ns, tomorrow_ns))
    assert Embedded(directory).text(b"/torn") == b"t 1"
    assert torn.read_bytes() == LINE + b"\0", "it was repaired"


def test_records_behind_a_header_that_a_power_cut_took_back_never_count_again(directory: Path) -> None:
    header = Header(0, workers=1, durable=False, clean=False, boot=b"another start of the machine" + b"." * 8)
    log = CommitLog(AbandonedDisk(str(directory)), 1, header)
    path = directory / path_of(1)
    on_disk = path.read_bytes()[:SECTOR_BYTES]
    log.recycle()
    log.append([Entry(APPEND, b"/a", 0, LINE + b"\0")])
    path.write_bytes(on_disk + path.read_bytes()[SECTOR_BYTES:])
    Embedded(directory, durable=False)
    assert decode(path.read_bytes()).batches == []


@pytest.mark.parametrize(("boot", "doubted"), [(None, False), (b"another start of the machine" + b"." * 8, True)])
def test_journals_are_doubted_when_the_machine_went_down_under_os(
    directory: Path, boot: bytes | None, doubted: bool
) -> None:
    logged(directory, 1, b"/a", durable=False, boot=boot)
    (directory / "torn.log").write_bytes(LINE + b"\0" + LINE[:20])
    store = Embedded(directory, durable=False)
    refused = store.append(b"/torn", b"t 2")
    assert refused.code == (0 if doubted else 15)
    assert len(list(directory.glob("torn.log.torn-*"))) == doubted


@pytest.mark.parametrize("left", [10, 0, -1])
def test_what_the_log_brings_back_after_a_power_cut_under_os_is_doubted_too(directory: Path, left: int) -> None:
    """A journal whose first half never reached the disk (`left`: bytes of it did, of the second half as well or not)
    while the log's record of the second did.
    """
    first, second = LINE + b"\0", LINE[:-1] + b"2\0"
    header = Header(0, workers=1, durable=False, clean=False, boot=b"another start of the machine" + b"." * 8)
    log = CommitLog(AbandonedDisk(str(directory)), 1, header)
    log.append([Entry(APPEND, b"/a", len(first), second)])
    (directory / "a.log").write_bytes(first[:left] if left >= 0 else first[:10] + bytes(len(first) - 10) + second)
    store = Embedded(directory, durable=False)
    assert store.text(b"/a") == b""
    assert committed(store.append(b"/a", b"t 3"))[0], "what was lost is no damage"
    assert list(directory.glob("a.log.torn-*")), "what the disk has kept is beside it"
    assert not (directory / ".everstore/damaged").exists()


def test_the_name_of_a_log_is_durable_before_the_first_batch_is(directory: Path) -> None:
    logged(directory, 2, b"/a")
    disk = FailingDisk(str(directory))
    Embedded(directory, disk)
    assert {"create", "remove"} <= set(disk.calls)
    assert disk.calls.index("sync_directory") > max(map(disk.calls.index, ("create", "remove")))


def test_a_new_epoch_is_durable_before_its_first_record_is_written(directory: Path) -> None:
    """A power cut could otherwise keep the record and lose the header, and the record would be taken for damage."""
    disk = FailingDisk(str(directory))
    log = CommitLog(disk, 1, HEADER)
    log.append([Entry(APPEND, b"/a", 0, LINE + b"\0")])
    log.sync()
    disk.calls.clear()
    log.recycle()
    assert disk.calls == ["write", "sync"]


def test_a_new_epoch_that_could_not_be_begun_leaves_the_old_one_in_force(directory: Path) -> None:
    disk = FailingDisk(str(directory), full=True)
    log = CommitLog(disk, 1, HEADER)
    batches = [[Entry(APPEND, b"/%d" % number, 0, LINE + b"\0")] for number in range(2)]
    log.append(batches[0])
    disk.fail_at = len(disk.calls)
    with pytest.raises(NoSpace):
        log.recycle()
    log.append(batches[1])
    assert decode((directory / path_of(1)).read_bytes()).batches == batches


def test_there_is_always_room_to_take_a_batch_back(directory: Path) -> None:
    log = CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    entries = [Entry(APPEND, b"/%d/" % number + b"n" * 900, 0, b"\0") for number in range(480)]
    while log.has_room(entries):
        log.append(entries)
        log.cancel(entries)
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES


def test_a_first_start_that_was_cut_off_is_made_up_for(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_bytes(LINE + b"\0" + LINE + b"\0")
    obstacle = tmp_path / ".everstore/unvouched"
    obstacle.mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot be used as the journal directory"):
        claim(str(tmp_path), "first")
    obstacle.rmdir()
    os.close(claim(str(tmp_path), "second"))
    store = Embedded(tmp_path)
    assert store.text(b"/old") == b"t 1\nt 1"
    assert committed(store.append(b"/old", b"t 2"))[0], "it was repaired"


@pytest.mark.parametrize(
    ("found", "same"),
    [([], True), ([3], True), ([3, 3, 3], True), ([3, 2, 3], False), ([2], False), ([5] * 5, False)],
)
def test_it_is_known_from_how_many_workers_logs_are(directory: Path, found: list[int], same: bool) -> None:
    for worker, workers in enumerate(found, 1):
        CommitLog(AbandonedDisk(str(directory)), worker, replace(HEADER, workers=workers))
    logs = commit_logs(str(directory))
    assert are_of_a_run_with(str(directory), logs, 3) is same
    path = directory / path_of(4)
    path.write_bytes(bytes(1024))
    assert are_of_a_run_with(str(directory), [*logs, 4], 3) is same, "a log that was never begun holds nothing"
    path.write_bytes(b"rubbish" + bytes(1024))
    assert not are_of_a_run_with(str(directory), [*logs, 4], 3)


def test_a_directory_from_elsewhere_is_doubted_once(tmp_path: Path) -> None:
    (tmp_path / "old.log").write_bytes(LINE + b"\0" + LINE + b"\0")
    os.close(claim(str(tmp_path), "first"))
    store = Embedded(tmp_path)
    assert store.text(b"/old") == b"t 1\nt 1"
    assert committed(store.append(b"/old", b"t 2"))[0]
    path = tmp_path / "old.log"
    path.write_bytes(path.read_bytes() + b"torn")
    assert Embedded(tmp_path).append(b"/old", b"t 3").code == 15, "no crash before the first start explains it"


def test_a_second_claim_is_refused_and_names_the_first(tmp_path: Path) -> None:
    lock = claim(str(tmp_path), "the first server")
    with pytest.raises(DirectoryInUse, match="is in use by the first server"):
        claim(str(tmp_path), "the second")
    os.close(lock)
    os.close(claim(str(tmp_path), "the second"))


def test_a_batch_larger_than_the_log_is_written_and_the_log_gets_its_size_back(directory: Path) -> None:
    store = Embedded(directory)
    large = b"t " + b"x" * (limits.COMMIT_LOG_BYTES + 1000)
    assert committed(store.append(b"/large", large))[0]
    assert (directory / path_of(1)).stat().st_size > limits.COMMIT_LOG_BYTES
    (directory / "large.log").unlink()
    store = Embedded(directory)
    assert store.text(b"/large") == large
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES


def test_a_full_log_is_recycled_and_nothing_is_lost(directory: Path) -> None:
    store = Embedded(directory)
    events = [b"t %d " % number + b"x" * 500_000 for number in range(20)]
    assert all(committed(store.append(b"/many", event))[0] for event in events)
    assert (directory / path_of(1)).stat().st_size == limits.COMMIT_LOG_BYTES
    assert Embedded(directory).text(b"/many") == b"\n".join(events)


def test_a_clean_end_leaves_nothing_to_replay(directory: Path) -> None:
    store = Embedded(directory)
    store.append(b"/a", b"t 1")
    store.store.close()
    disk = AbandonedDisk(str(directory))
    (directory / "a.log").write_bytes(b"")
    recovery.recover(disk, Trust(disk), [1])
    assert (directory / "a.log").read_bytes() == b""


def test_a_worker_without_a_log_has_nothing_to_recover(directory: Path) -> None:
    logged(directory, 2, b"/a")
    disk = FailingDisk(str(directory))
    assert recovery.recover(disk, Trust(disk), [1, 2, 3]).epoch == 1
    assert (directory / "a.log").read_bytes() == LINE + b"\0"
    assert disk.calls[-1] == "sync_all"


def test_the_next_epoch_is_behind_the_highest_that_was_found(directory: Path) -> None:
    disk = AbandonedDisk(str(directory))
    assert recovery.recover(disk, Trust(disk), []).epoch == 0
    for worker, epoch in enumerate((4, 9, 6), 1):
        CommitLog(disk, worker, replace(HEADER, epoch=epoch))
    assert recovery.recover(disk, Trust(disk), [1, 2, 3]).epoch == 10


def test_no_epoch_of_a_log_without_a_header_is_used_again(directory: Path) -> None:
    path = directory / path_of(1)
    path.write_bytes(b"rubbish" + bytes(1024))
    disk = AbandonedDisk(str(directory))
    before = time.time_ns()
    assert before <= recovery.recover(disk, Trust(disk), [1]).epoch <= time.time_ns()


def test_a_log_is_durable_before_anything_is_written_that_it_vouches_for(directory: Path) -> None:
    logged(directory, 1, b"/a")
    disk = FailingDisk(str(directory))
    recovery.recover(disk, Trust(disk), [1])
    assert disk.calls == ["write", "sync", "create", "write", "sync_all"], "the log, then the journal"


def test_a_log_that_holds_nothing_is_not_written_again(directory: Path) -> None:
    CommitLog(AbandonedDisk(str(directory)), 1, HEADER)
    disk = FailingDisk(str(directory))
    recovery.recover(disk, Trust(disk), [1])
    assert disk.calls == ["sync_all"]


def test_a_recovery_leaves_no_file_open(directory: Path) -> None:
    logged(directory, 1, b"/a")
    disk = AbandonedDisk(str(directory))
    before = os.listdir("/proc/self/fd")
    recovery.recover(disk, Trust(disk), [1, 2])
    assert os.listdir("/proc/self/fd") == before


def test_the_machine_tells_its_starts_apart_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(recovery.boot_id()) == 36
    asked = recovery.boot_id.__wrapped__
    assert asked() == recovery.boot_id()

    def fail(*_: object) -> None:
        raise FileNotFoundError

    monkeypatch.setattr("builtins.open", fail)
    assert asked() == b""


@pytest.mark.parametrize(
    ("durable", "clean", "boot", "doubted"),
    [
        (False, False, b"now", False),
        (False, False, b"before", True),
        (False, True, b"before", False),
        (True, False, b"before", False),
        (False, False, b"", True),
    ],
)
def test_a_log_is_unsure_when_the_machine_went_down_under_durability_os(
    directory: Path, durable: bool, clean: bool, boot: bytes, doubted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "boot_id", lambda: boot and b"now".ljust(36, b"."))
    header = Header(1, workers=1, durable=durable, clean=clean, boot=boot.ljust(36, b".") if boot else b"")
    (directory / path_of(1)).write_bytes(header.encode().ljust(1024, b"\0"))
    disk = AbandonedDisk(str(directory))
    recovery.recover(disk, Trust(disk), [1])
    assert Trust(disk).doubts(time.time_ns() - 10**9) is doubted


@pytest.mark.parametrize("who", ["another server", ""])
def test_who_holds_a_directory_is_said_even_if_it_has_not_signed(tmp_path: Path, who: str) -> None:
    lock = claim(str(tmp_path), "a server with a long name that is gone")
    sign(lock, who)
    with pytest.raises(DirectoryInUse) as refused:
        claim(str(tmp_path), "me")
    assert str(refused.value) == f"{tmp_path} is in use by {who or 'an unknown process'}"
    os.close(lock)


def test_a_directory_that_cannot_be_used_is_said_and_no_lock_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file/below"):
        with pytest.raises(ConfigError, match=r"^--journals: .* cannot be used as the journal directory: (File|Not)"):
            claim(str(path), "a server")
    lock = claim(str(tmp_path), "a server")
    with pytest.raises(DirectoryInUse):
        claim(str(tmp_path), "another")
    os.close(lock)
    found = [os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")]
    assert str(tmp_path / LOCK) not in found


def test_logs_are_told_by_their_names_and_links_are_none(directory: Path) -> None:
    own = directory / ".everstore"
    names = ["worker-10.commits", "worker-2.commits", "worker-0.commits", "worker-03.commits", "worker-1.commits.old"]
    for name in [*names, "a-worker-4.commits"]:
        (own / name).touch()
    (own / "worker-5.commits").symlink_to(own / "worker-2.commits")
    (own / "worker-6.commits").mkdir()
    assert commit_logs(str(directory)) == [2, 10]


def test_what_was_replayed_is_said_and_nothing_where_nothing_was(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    logged(directory, 1, b"/a")
    CommitLog(AbandonedDisk(str(directory)), 2, HEADER)
    disk = AbandonedDisk(str(directory))
    recovery.recover(disk, Trust(disk), [1, 2])
    assert caplog.messages == ["replayed 1 batches onto 1 journals"]


def test_whatever_mask_it_was_started_with_others_get_at_nothing_that_is_made_here(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        os.close(claim(str(tmp_path / "journals"), "a server"))
        assert os.umask(0) == 0o027
    finally:
        os.umask(before)
    found = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "journals").rglob("*")}
    assert found == {".everstore": 0o750, "lock": 0o640}
    assert (tmp_path / "journals").stat().st_mode & 0o7777 == 0o750
