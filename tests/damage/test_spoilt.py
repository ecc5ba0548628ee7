"""Damage of several kinds at once: what `everstore verify` calls sound, repair leaves alone; and a commit log never
says anything but what was written to it.
"""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from damage.spoiling import spoilt
from damage.test_flips_and_cuts import FLIPS, flipped, neighbours
from support import figures
from support.command import everstore
from support.embedded import Embedded
from support.fakes.disk import AbandonedDisk
from support.journal_files import STAMP, STAMP_BYTES

from everstore.journal.inspection import faults
from everstore.journal.recovery import judge
from everstore.storage.commit_log import path_of
from everstore.storage.records import SECTOR_BYTES, decode, record_bytes

EVERY_RUN = 3_000
CAMPAIGN = 1_000_000
SHOWN = 60


def looks_sound(data: bytes) -> bool:
    """Told in another way than the product does."""
    if not data:
        return True
    lines = data[:-1].split(b"\n")
    stamps = [line[: STAMP_BYTES - 1] for line in lines]
    whole = all(STAMP.match(line) and len(line) > STAMP_BYTES for line in lines)
    return data[-1:] == b"\0" and b"\0" not in data[:-1] and whole and stamps == sorted(stamps)


@pytest.mark.slow
@pytest.mark.figures
def test_a_journal_damaged_in_several_ways_is_found_or_is_as_sound_as_its_text_can_tell(journal: bytes) -> None:
    goal = figures.goal("multi-flips of a journal", EVERY_RUN, CAMPAIGN)
    seed, done, found, wrong = figures.seed(), 0, 0, []
    while not goal.enough(done) and not wrong:
        data = spoilt(journal, Random(f"{seed} {done}"))
        at = [fault.at for fault in faults(data)]
        verdict = judge(data)
        is_right = at == sorted(at) and all(0 <= each <= len(data) for each in at)
        if not at:
            is_right = looks_sound(data) and verdict.keep == len(data) and not verdict.turn
        if not is_right:
            wrong.append(f"{seed} {done}")
        found += bool(at)
        done += 1
    goal.reached(done, len(wrong), f"{found:,} found, {done - found:,} within lines")
    assert not wrong, f"EVERSTORE_SEED={seed}: {wrong}"
    assert goal.enough(done)


@pytest.mark.slow
@pytest.mark.figures
def test_a_log_damaged_in_several_ways_says_so_or_ends_before_the_damage(log: bytes) -> None:
    goal = figures.goal("multi-flips of a commit log", EVERY_RUN, CAMPAIGN)
    whole = decode(log)
    starts = [SECTOR_BYTES]
    for batch in whole.batches:
        starts.append(starts[-1] + record_bytes(batch))
    seed, done, found, ended, wrong = figures.seed(), 0, 0, 0, []
    while not goal.enough(done) and not wrong:
        data = spoilt(log, Random(f"{seed} {done}"))
        read = decode(data)
        count = len(read.batches)
        all_behind_are_damaged = all(
            data[start:end] != log[start:end] for start, end in zip(starts[count:], starts[count + 1 :], strict=False)
        )
        if read.batches != whole.batches[:count] or not (read.damage or all_behind_are_damaged):
            wrong.append(f"{seed} {done}")
        found += bool(read.damage)
        ended += not read.damage and count < len(whole.batches)
        done += 1
    goal.reached(done, len(wrong), f"{found:,} found, {ended:,} in all records of the end")
    assert not wrong, f"EVERSTORE_SEED={seed}: {wrong}"
    assert goal.enough(done)


def test_a_start_on_a_damaged_log_takes_nothing_from_journals_that_are_whole(tmp_path: Path, log: bytes) -> None:
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.log")}
    seed = figures.seed()
    own = tmp_path / ".everstore"
    for number in range(SHOWN):
        for path in own.iterdir():
            path.unlink()
        (tmp_path / path_of(1)).write_bytes(spoilt(log, Random(f"{seed} {number}")))
        Embedded(tmp_path)
        after = {path.name: path.read_bytes() for path in tmp_path.glob("*.log")}
        assert after == before, f"EVERSTORE_SEED={seed}, {number}"
        AbandonedDisk.abandon_all()


def test_of_a_damaged_journal_in_doubt_every_byte_is_kept(tmp_path: Path, journal: bytes) -> None:
    seed = figures.seed()
    for number in range(SHOWN):
        data = spoilt(journal, Random(f"{seed} {number}"))
        directory = tmp_path / str(number)
        directory.mkdir()
        (directory / "a.log").write_bytes(data)
        (directory / ".everstore").mkdir()
        (directory / ".everstore/unvouched").write_bytes(b"%d\tdamaged by a test\n" % 2**62)
        Embedded(directory).open(b"/a")
        kept = (directory / "a.log").read_bytes() + b"".join(
            path.read_bytes() for path in sorted(directory.rglob("*.torn-*"))
        )
        assert kept.replace(b"\0", b"\n") == data.replace(b"\0", b"\n"), f"EVERSTORE_SEED={seed}, {number}"
        AbandonedDisk.abandon_all()


def test_verify_names_the_bytes_of_flips_in_journals(tmp_path: Path, journal: bytes) -> None:
    rng = Random(figures.seed())
    ends = [journal.index(b"t.%d " % line) - 3 for line in rng.sample(range(100), SHOWN)]  # of timestamps
    bits = rng.sample(range(FLIPS), SHOWN) + [8 * at + rng.randrange(8) for at in ends]
    for number, bit in enumerate(bits):
        (tmp_path / f"{number}.log").write_bytes(flipped(journal, bit))
    verified = everstore("verify", tmp_path)
    named: dict[int, list[int]] = {}
    for number, at in re.findall(r"^/(\d+): byte (\d+): ", verified.stdout, re.MULTILINE):
        named.setdefault(int(number), []).append(int(at))
    expected = {number for number, bit in enumerate(bits) if list(faults(flipped(journal, bit)))}
    assert len(expected) >= SHOWN // 2
    assert named.keys() == expected
    assert verified.returncode == 1
    for number, at in named.items():
        start, end = neighbours(journal, bits[number] // 8)
        assert start <= min(at) <= end, f"bit {bits[number]} is named as {at}"


def test_verify_names_the_bytes_of_flips_in_commit_logs(tmp_path: Path, log: bytes) -> None:
    rng = Random(figures.seed())
    bits = [rng.randrange(8 * SECTOR_BYTES, FLIPS) for _ in range(SHOWN)]
    for number, bit in enumerate(bits, start=2):
        (tmp_path / path_of(number)).write_bytes(flipped(log, bit))
    verified = everstore("verify", tmp_path)
    named = re.findall(r"^\.everstore/worker-(\d+)\.commits: bytes (\d+) to (\d+): ", verified.stdout, re.MULTILINE)
    expected = {number for number, bit in enumerate(bits, start=2) if decode(flipped(log, bit)).damage}
    assert expected
    assert {int(number) for number, _, _ in named} == expected
    for number, first, last in named:
        assert int(first) <= bits[int(number) - 2] // 8 <= int(last)
