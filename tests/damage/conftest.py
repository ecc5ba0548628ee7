"""A sound journal and a commit log of 64 KiB each, which every test here damages in its own way."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support.embedded import Embedded, committed

from everstore import limits
from everstore.journal.inspection import faults
from everstore.storage.commit_log import path_of

SIZE = 64 * 1024
PREFIX_BYTES = 24
STAMP = b"2026-11-21T12:00:00.%03d "


@pytest.fixture(scope="session")
def journal() -> bytes:
    """A sound one, of exactly 64 KiB, with lines of many lengths."""
    rng = random.Random(7)
    lines: list[bytes] = []
    left = SIZE - 1
    while left > 700:
        lines.append(STAMP % min(len(lines), 999) + b"t.%d " % len(lines) + b"x" * rng.choice((1, 40, 90, 500)))
        left -= len(lines[-1]) + 1
    lines.append(STAMP % 999 + b"t.last " + b"y" * (left - PREFIX_BYTES - 7))
    data = b"\n".join(lines) + b"\0"
    assert len(data) == SIZE
    assert not list(faults(data))
    return data


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Of a store that was killed when its log of 64 KiB was nearly full; its journals are there."""
    monkeypatch.setattr(limits, "COMMIT_LOG_BYTES", SIZE)
    store = Embedded(tmp_path)
    for number in range(36):
        assert committed(store.append(b"/%d" % (number % 3), b"t %d " % number + b"x" * 40 * number))[0]
    return (tmp_path / path_of(1)).read_bytes()
