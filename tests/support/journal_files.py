"""Journals as files: where a name lives, and what a sound file holds."""

from __future__ import annotations

import re
from pathlib import Path

STAMP = re.compile(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} ")
STAMP_BYTES = 24  # the timestamp and the space behind it
OWN_FOLDER = ".everstore"


def journal_file(directory: Path, name: bytes) -> Path:
    return directory / (name.decode()[1:] + ".log")


def stamped_lines(file: Path) -> list[tuple[bytes, bytes]]:
    """(timestamp, event) of each line of a sound, non-empty journal; anything unsound fails."""
    data = file.read_bytes()
    assert data.endswith(b"\x00"), f"the last byte is the end marker: {data[-60:]!r}"
    assert data.count(b"\x00") == 1, f"there is one end marker: {data[:200]!r}"
    split = [(line[: STAMP_BYTES - 1], line[STAMP_BYTES:]) for line in data[:-1].split(b"\n") if STAMP.match(line)]
    assert len(split) == data.count(b"\n") + 1, f"every line starts with a timestamp: {data[:200]!r}"
    return split


def events_in(file: Path) -> list[bytes]:
    return [event for _, event in stamped_lines(file)]


def listing(directory: Path) -> dict[str, int]:
    """Every file below a directory with its size, without what is in the server's own folder."""
    return {
        str(path.relative_to(directory)): path.stat().st_size if path.is_file() else -1
        for path in directory.rglob("*")
        if OWN_FOLDER not in path.relative_to(directory).parts
    }
