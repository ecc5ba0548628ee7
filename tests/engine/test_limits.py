"""What no client may make a worker remember, or write."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from support.embedded import Embedded, committed, committing
from support.fakes.disk import FailingDisk

from everstore import limits


def test_types_are_remembered_up_to_so_many_bytes_and_then_the_transactions_end(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    store.append(b"/a", b"t 0")
    waiting = store.open(b"/a")
    large = limits.TYPE_BYTES_PER_JOURNAL_MAX // 3
    for number in range(3):
        assert committed(store.commit(store.open(b"/a"), b"%d" % number * large, b"t 1"))[0]
    other = store.open(b"/a")
    assert committed(store.commit(store.open(b"/a"), b"3" * large, b"t 2"))[0]
    assert store.commit(waiting, b"u", b"u 1").code == 4, "nobody knows any more what it would conflict with"
    assert store.commit(other, b"u", b"u 1").code == 4
    assert committed(store.append(b"/a", b"t 3"))[0]


def test_types_of_all_journals_together_are_bounded_and_the_largest_give_way(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    small = store.open(b"/small")
    each = limits.TYPE_BYTES_PER_JOURNAL_MAX - 1000
    large = []
    for number in range(limits.TYPE_BYTES_MAX // each + 1):
        name = b"/large/%d" % number
        large.append(store.open(name))
        assert committed(store.commit(store.open(name), b"t" * each, b"t 1"))[0]
    codes = [store.commit(on, b"u", b"u 1").code for on in large]
    assert set(codes) == {0, 4}
    assert codes.count(4) <= len(large) // 2, "no more than are in the way"
    assert committed(store.commit(small, b"u", b"u 1"))[0]
    again = [store.open(b"/large/%d" % number) for number in range(10)]
    assert all(committed(store.commit(on, b"t" * each, b"t 2"))[0] for on in again), "what was freed can be used"


def test_what_types_occupy_is_given_back(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    for number in range(3 * limits.TYPE_BYTES_MAX // limits.TYPE_BYTES_PER_JOURNAL_MAX):
        waiting = store.open(b"/a")
        assert committed(store.commit(store.open(b"/a"), b"t" * (limits.TYPE_BYTES_PER_JOURNAL_MAX // 2), b"t 1"))[0]
        assert committed(store.commit(waiting, b"u%d" % number, b"u 1"))[0]


def test_a_store_begins_on_a_full_disk_serves_reads_and_commits_when_there_is_room(tmp_path: Path) -> None:
    Embedded(tmp_path).append(b"/a", b"t 1")
    disk = FailingDisk(str(tmp_path), fail_at=0, full=True)
    disk.free = 0
    for log in tmp_path.glob(".everstore/*.commits"):
        os.truncate(log, 0)
    store = Embedded(tmp_path, disk=disk)
    assert store.text(b"/a") == b"t 1"
    on = store.open(b"/a")
    assert store.commit(on, b"t", b"t 2").code == 15
    disk.free = None
    assert committed(store.commit(on, b"t", b"t 2"))[0]
    assert store.text(b"/a") == b"t 1\nt 2"


def test_a_journal_does_not_outgrow_the_limit_of_file_sizes(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size_max = limits.COMMIT_LOG_BYTES + 1000
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_max, hard))
    try:
        store = Embedded(tmp_path)
        assert store.append(b"/a", b"t " + b"x" * size_max).code == 14
        assert committed(store.append(b"/a", b"t 1"))[0]
        assert store.text(b"/a") == b"t 1"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_commits_of_a_batch_may_be_large_and_small(tmp_path: Path) -> None:
    large = b"\n".join(b"t %d" % number for number in range(40_000))
    store = Embedded(tmp_path)
    for name in (b"/a", b"/b"):
        first, second, third = store.open(name), store.open(name), store.open(name)
        answers = store.ask(
            committing(first, b"", b"t first"), committing(second, b"", large), committing(third, b"", b"t last")
        )
        assert [committed(answer)[0] for answer in answers] == [True, True, True]
        assert store.text(name) == b"t first\n" + large + b"\nt last"
    crashed = Embedded(tmp_path)
    assert crashed.text(b"/b") == b"t first\n" + large + b"\nt last"
    assert crashed.open(b"/a").size == (tmp_path / "a.log").stat().st_size
