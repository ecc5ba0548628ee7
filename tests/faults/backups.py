"""Copying journals into a directory of copies, as `everstore backup` does, with a call that fails; then once more."""

from __future__ import annotations

import os
from pathlib import Path

from faults.calls import Calls, Fault
from faults.durable import Durable
from faults.workload import LEAVES, NAMES

from everstore.errors import EverstoreError
from everstore.journal.names import path_of
from everstore.journal.recovery import judge
from everstore.storage.copies import Copies, Copy, Differs

LINES = [b"2026-11-21T12:00:00.000 t %d %s" % (number, b"x" * 300) for number in range(40)]
SOURCE = {name: [*LINES[place:], b"2026-11-21T12:00:01.000 t of %s" % name] for place, name in enumerate(NAMES)}
OTHER = b"2026-11-21T11:00:00.000 another journal\0"


class Backup:
    """`wrong`: what must not be in the directory of copies."""

    def __init__(self, directory: Path, wrong: list[str]) -> None:
        self.calls = Calls(Durable())
        self.wrong = wrong
        self._directory = directory
        self._earlier = {
            NAMES[0]: b"\n".join(SOURCE[NAMES[0]][:20]) + b"\0",
            NAMES[1]: b"\n".join(SOURCE[NAMES[1]][:20]) + b"\0" + SOURCE[NAMES[1]][20][:99],
            NAMES[3]: OTHER,
        }
        for name, data in self._earlier.items():
            path = directory / path_of(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    def run(self, *faults: Fault) -> None:
        for fault in faults:
            self._live(fault)
            self._look("with the fault")
        if self._live(None):
            self.wrong.append("without a fault it does not work")
        if any(fault.call.endswith("syncfs") for fault in faults):
            return  # It has said that these copies are not to be relied on.
        self.calls.durable.cut_power(self._directory)
        self._look("at the end")
        for name, lines in SOURCE.items():
            if self._data(name) != b"\n".join(lines) + b"\0":
                self.wrong.append(f"{name!r} is not what it was copied from")

    def _live(self, fault: Fault | None) -> bool:
        """True when it ended with an error."""
        self.calls.uses.clear()
        with self.calls.failing(fault):
            try:
                _copy(self._directory)
            except (*LEAVES, EverstoreError):
                return True
        return False

    def _look(self, when: str) -> None:
        """What had been copied before is still there, and what is new is sound as far as it goes."""
        for name, before in self._earlier.items():
            kept = [path.read_bytes() for path in (self._directory / path_of(name)).parent.iterdir() if path.is_file()]
            if not any(data.startswith(before[: judge(before).keep - 1]) for data in kept):
                self.wrong.append(f"{when}: the earlier copy of {name!r} is gone")
        for name, lines in SOURCE.items():
            data = self._data(name)
            whole = b"\n".join(lines)
            sound = data[: judge(data).keep].rstrip(b"\0")
            if data != OTHER and not whole.startswith(sound.replace(b"\0", b"\n")):
                self.wrong.append(f"{when}: the copy of {name!r} holds what its journal does not")

    def _data(self, name: bytes) -> bytes:
        path = self._directory / path_of(name)
        return path.read_bytes() if path.exists() else b""


def _copy(directory: Path) -> None:
    copies = Copies(str(directory))
    old = copies.names()
    for name, lines in SOURCE.items():
        copy = copies.look(name) if name in old else Copy()
        try:
            copies.extend(name, copy, copy.last_line, b"\n".join(lines)[copy.last_line :].split(b"\n"))
        except Differs:
            copies.replace(name, lines)
        assert copies.fault(name) is None
        assert copies.size_of(name) == os.path.getsize(directory / path_of(name))
    copies.finish()
