"""A start on what an earlier one has left: other workers, other settings, damaged logs, journals from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.embedded import Embedded, committed
from support.fakes.disk import AbandonedDisk

from everstore import limits
from everstore.errors import DirectoryInUse
from everstore.storage import recovery
from everstore.storage.commit_log import CommitLog, path_of
from everstore.storage.directory import claim, commit_logs
from everstore.storage.records import APPEND, Entry
from everstore.storage.trust import Trust

LINE = b"2026-11-21T12:00:00.000 t 1"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / ".everstore").mkdir()
    return tmp_path


def logged(directory: Path, worker: int, name: bytes, durable: bool = True, boot: bytes | None = None) -> None:
    """A worker's log with one batch that did not reach its journal."""
    log = CommitLog(AbandonedDisk(str(directory)), worker, 0, durable, recovery.boot_id() if boot is None else boot)
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
        recovery.begin_log(AbandonedDisk(str(directory)), 1, [], 0, durable=True)


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
