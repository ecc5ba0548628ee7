"""What a worker holds against a commit, over real files."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.embedded import Embedded, committed


@pytest.mark.parametrize(("types", "succeeds"), [(b"ES_NewJournal", False), (b"other", True), (b"", True)])
def test_who_declares_a_new_journal_conflicts_with_whoever_has_made_it_meanwhile(
    tmp_path: Path, types: bytes, succeeds: bool
) -> None:
    store = Embedded(tmp_path)
    first, second = store.open(b"/a"), store.open(b"/a")
    assert committed(store.commit(first, b"t", b"t 1"))[0]
    assert committed(store.commit(second, types, b"u 1"))[0] is succeeds
    third = store.open(b"/a")
    assert committed(store.commit(third, b"ES_NewJournal", b"u 2"))[0], "it was there before this one was opened"
