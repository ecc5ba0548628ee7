"""Every single-bit flip and every truncation of a journal and of a commit log: found, or nothing is lost by it.

A journal is text and holds no checksums, so a flip that leaves a line one line, with a timestamp that fits between its
neighbours', cannot be found from it alone: it changes that event, and no other byte is lost, doubled or served
otherwise. Two things are not found at all: that, and a journal that was cut to nothing, which is the same as none.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from support import figures
from support.embedded import Embedded
from support.fakes.disk import AbandonedDisk

from everstore.journal.inspection import faults
from everstore.storage.commit_log import path_of
from everstore.storage.records import SECTOR_BYTES, Log, decode

SIZE = 64 * 1024
FLIPS = SIZE * 8


def flipped(data: bytes, bit: int) -> bytes:
    at = bit // 8
    return data[:at] + bytes([data[at] ^ 1 << bit % 8]) + data[at + 1 :]


def neighbours(data: bytes, at: int) -> tuple[int, int]:
    """From the start of the line before the one with byte `at` to the end of the line behind it."""
    start = data.rfind(b"\n", 0, max(data.rfind(b"\n", 0, at), 0)) + 1
    first = data.find(b"\n", at + 1)
    second = data.find(b"\n", first + 1) if first >= 0 else -1
    return start, second if second >= 0 else len(data) - 1


def is_found(data: bytes, bit: int) -> bool:
    """What the whole inspection says of a flip, told from the lines around it."""
    start, end = neighbours(data, bit // 8)
    window = data[start:end] + b"\0"
    return bool(list(faults(flipped(window, bit - start * 8))))


def is_within_one_line(data: bytes, bit: int) -> bool:
    """True when a flip leaves every line but one as it was, and that one a line."""
    before = data[bit // 8]
    return before not in b"\n\0" and before ^ 1 << bit % 8 not in b"\n\0"


@pytest.mark.slow
@pytest.mark.figures
def test_every_flip_and_cut_of_a_journal_is_found_or_changes_one_line_only(journal: bytes) -> None:
    goal = figures.goal("bit flips and truncations of a journal", every_run=FLIPS + SIZE, campaign=FLIPS + SIZE)
    found = within = 0
    silent: list[str] = []
    for bit in range(FLIPS):
        if is_found(journal, bit):
            found += 1
        elif is_within_one_line(journal, bit):
            within += 1
        else:
            silent.append(f"bit {bit}")
    for size in range(SIZE):
        tail = max(journal.rfind(b"\n", 0, max(0, size - 1)) + 1, 0)
        if size and not list(faults(journal[tail:size])):
            silent.append(f"cut to {size}")
    goal.reached(FLIPS + SIZE, len(silent), f"{found:,} flips found, {within:,} within one line")
    assert silent == []


@pytest.mark.slow
def test_the_lines_around_a_flip_say_what_the_whole_journal_says(journal: bytes) -> None:
    rng = random.Random(figures.seed())
    for bit in [*rng.sample(range(FLIPS), 1500), *range(FLIPS - 2000, FLIPS, 7), *range(0, 2000, 7)]:
        assert is_found(journal, bit) == bool(list(faults(flipped(journal, bit)))), f"bit {bit}"
    for size in [*rng.sample(range(1, SIZE), 300), 1, SIZE - 1]:
        assert list(faults(journal[:size])), f"cut to {size}"


# -- commit logs


def ending(log: bytes, whole: Log) -> int:
    """Where the last record begins: all before it is checked by a later one."""
    return next(
        position
        for position in range(SECTOR_BYTES, SIZE, SECTOR_BYTES)
        if len(decode(log[:position]).batches) == len(whole.batches) - 1
    )


@pytest.mark.slow
@pytest.mark.figures
def test_every_flip_and_cut_of_a_commit_log_is_found_or_is_its_end(log: bytes) -> None:
    goal = figures.goal("bit flips and truncations of a commit log", every_run=FLIPS + SIZE, campaign=FLIPS + SIZE)
    whole = decode(log)
    assert len(whole.batches) == 36
    last = ending(log, whole)
    found = harmless = at_the_end = 0
    silent: list[str] = []

    def judge(read: Log, at: int, what: str) -> None:
        nonlocal found, harmless, at_the_end
        if read.damage:
            found += 1
        elif read.batches == whole.batches:
            harmless += 1
        elif at >= last and read.batches == whole.batches[:-1]:
            at_the_end += 1
        else:
            silent.append(what)

    for bit in range(FLIPS):
        judge(decode(flipped(log, bit)), bit // 8, f"bit {bit}")
    for size in range(SIZE):
        read = decode(log[:size])
        # A log is preallocated and never shorter: a shorter one has been cut.
        if len(log[:size]) < SIZE and read.batches != whole.batches:
            found += 1
        else:
            judge(read, size, f"cut to {size}")
    goal.reached(
        FLIPS + SIZE, len(silent), f"{found:,} found, {harmless:,} change nothing, {at_the_end:,} in the last record"
    )
    assert silent == []


def test_a_flip_in_the_last_record_of_a_log_loses_nothing_that_its_journal_has(tmp_path: Path, log: bytes) -> None:
    """Like a record that a crash has torn, it is the end; but its journal then is longer than its log, and that is
    damage, which is said and not cut.
    """
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.log")}
    last = ending(log, decode(log))
    rng = random.Random(figures.seed())
    for at in rng.sample(range(last, last + 1000), 20):
        (tmp_path / path_of(1)).write_bytes(flipped(log, at * 8))
        Embedded(tmp_path)
        assert {path.name: path.read_bytes() for path in tmp_path.glob("*.log")} == before
        damaged = tmp_path / ".everstore/damaged"
        assert b"only" in damaged.read_bytes()
        damaged.unlink()
        for kept in tmp_path.rglob("*.torn-*"):
            kept.unlink()
        AbandonedDisk.abandon_all()
