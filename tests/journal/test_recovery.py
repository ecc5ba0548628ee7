from __future__ import annotations

from pathlib import Path

import pytest

from everstore.journal.recovery import Ending, judge

BROKEN = Path(__file__).parents[1] / "broken"
LINE = b"2026-11-21T12:00:00.000 a 1"
LONG = LINE + b"x" * (512 - len(LINE))


def repaired(data: bytes) -> bytes:
    verdict = judge(data)
    after = bytearray(data[: verdict.keep])
    for marker in verdict.turn:
        after[marker : marker + 1] = b"\n"
    return bytes(after)


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.log")), ids=lambda path: path.stem)
def test_every_vector_becomes_its_twin(path: Path) -> None:
    assert repaired(path.read_bytes()) == path.with_suffix(".repaired").read_bytes()


@pytest.mark.parametrize(
    ("data", "after", "ending"),
    [
        (b"anything\0", b"anything\0", None),
        (LINE + b"\0" + LINE + b"\0", LINE + b"\n" + LINE + b"\0", None),
        (LINE + b"\0" + LINE, LINE + b"\0", Ending.UNMARKED),
        (LINE, b"", Ending.UNMARKED),
        (b"\0\0\0", b"", Ending.EMPTY),
        (b"\0\0" + LINE + b"\0", b"", Ending.EMPTY),
        (LINE + b"\0\0\0", LINE + b"\0", Ending.ZEROS_BEHIND),
        (LINE + b"\0" + LINE + b"\0\0", LINE + b"\n" + LINE + b"\0", Ending.ZEROS_BEHIND),
        (LINE + b"\0" + LINE + b"\0\0x\0", LINE + b"\0", Ending.HOLE),
        (LONG + b"\0\0", b"", Ending.SECTOR_EDGE),
        (LINE + b"\0" + LONG[28:] + b"\0\0", LINE + b"\0", Ending.UNSTAMPED),
        (LINE + b"\0" + b"garbage\0", LINE + b"\0", Ending.UNSTAMPED),
    ],
)
def test_each_row_of_the_table(data: bytes, after: bytes, ending: Ending | None) -> None:
    assert repaired(data) == after
    assert judge(data).why == (ending.value if ending else "")


def test_repair_done_twice_is_repair() -> None:
    parts = [LINE, b"\0", b"\0\0\0", LONG, b"x", b""]
    for one in parts:
        for two in parts:
            for three in parts:
                for four in parts:
                    after = repaired(one + two + three + four)
                    assert repaired(after) == after


def test_a_transaction_torn_at_a_sectors_edge_is_never_kept() -> None:
    whole = LINE + b"\0"
    torn = LINE + b"y" * 2000
    for edge in range(512, 2000, 512):
        written = (whole + torn)[:edge]
        assert repaired(written) == whole
        assert repaired(written + bytes(100)) == whole
