"""What no client may make a worker remember, or write."""

from __future__ import annotations

import resource
from pathlib import Path

from support.embedded import Embedded, committed

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
