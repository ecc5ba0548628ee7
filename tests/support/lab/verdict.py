"""What the server's own recovery makes of a directory after a power cut, held against what was acknowledged."""

from __future__ import annotations

import os
from pathlib import Path

from everstore.journal.inspection import faults
from everstore.journal.names import name_of
from everstore.storage import recovery
from everstore.storage.directory import claim, commit_logs
from everstore.storage.journals import JournalFiles
from everstore.storage.records import Header
from everstore.storage.trust import Trust
from support.fakes.disk import AbandonedDisk
from support.lab.workload import Commit, Done

PREFIX_BYTES = 24


def kinds(directory: Path) -> set[str]:
    """Which states the journals are in that a crash has left here, before anything is repaired."""
    return {kind_of(path.read_bytes()) for path in directory.rglob("*.log")}


def kind_of(data: bytes) -> str:
    """The state of one journal's bytes, by its zeros: the end marker is one, and so is what was never written."""
    text = data.rstrip(b"\0")
    zeros = len(data) - len(text)
    if not text:
        return "zeros only" if data else "empty"
    if b"\0\0" in text or any(at % 512 == 0 for at in _zeros(text)):
        return "zeros inside"
    inside = "an old marker not turned, " if b"\0" in text else ""
    return inside + {0: "cut short", 1: "ends in a marker"}.get(zeros, "zeros at the end")


def _zeros(text: bytes) -> list[int]:
    return [at for at, byte in enumerate(text) if not byte]


def after_recovery(directory: Path, durable: bool) -> dict[bytes, bytes]:
    """Recover as a server with one worker does; returns every journal's bytes."""
    lock = claim(str(directory), "the laboratory")
    disk = AbandonedDisk(str(directory))
    try:
        numbers = commit_logs(str(directory))
        epoch = recovery.recover(disk, Trust(disk), numbers).epoch
        recovery.begin_log(disk, 1, numbers, Header(epoch, 1, durable, clean=False, boot=recovery.boot_id()))
        files = JournalFiles(disk, Trust(disk))
        found = {}
        for path in directory.rglob("*.log"):
            name = name_of(str(path.relative_to(directory)))
            if name is not None:
                files.load(name)
                found[name] = path.read_bytes()
        return found
    finally:
        disk.abandon()
        AbandonedDisk.alive.remove(disk)
        os.close(lock)


def wrongs(directory: Path, found: dict[bytes, bytes], done: Done, acknowledged_until: int) -> list[str]:
    """What must not be: something acknowledged by that place in the device's log is missing, anything is half, doubled,
    out of order or was never sent, a journal is not sound, damage was noted.
    """
    said: list[str] = []
    if (directory / ".everstore/damaged").exists():
        said.append("damage was noted: " + (directory / ".everstore/damaged").read_text())
    for name, commits in done.commits.items():
        said += wrongs_of(name, found.pop(name, b""), commits, acknowledged_until)
    return said + [f"{name!r} was never written" for name, data in found.items() if data]


def wrongs_of(name: bytes, data: bytes, commits: list[Commit], acknowledged_until: int) -> list[str]:
    """What must not be in one journal."""
    broken = [f"{name!r}: byte {fault.at}: {fault.what}" for fault in faults(data)]
    lines = [line[PREFIX_BYTES:] for line in data[:-1].split(b"\n")] if data else []
    at = 0
    for commit in commits:
        if tuple(lines[at : at + len(commit.events)]) == commit.events:
            at += len(commit.events)
        elif commit.log_end <= acknowledged_until:
            return [*broken, f"{name!r}: {commit.events[0][:20]!r} is not at line {at}, though it was acknowledged"]
    return broken + ([f"{name!r}: line {at} is not what was sent: {lines[at][:40]!r}"] if at < len(lines) else [])
