"""What clients asked and heard, and whether the journals that are there in the end agree with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from support.model import NEW_JOURNAL, PREFIX_BYTES

from everstore.journal.inspection import faults

_EVENT = re.compile(rb"E (\d+)\.(\d+)\.(\d+) ")

UNKNOWN, ACKNOWLEDGED, CONFLICT, REFUSED = "unknown", "acknowledged", "conflict", "refused"


@dataclass
class Commit:
    """`era` counts the power cuts before its answer; `size` is the journal's, as that said. `native`: an append, which
    may conflict without need; when not `conditional`, with nothing.
    """

    number: int
    name: bytes
    types: frozenset[bytes]
    events: bytes
    opened_at: int
    era: int
    outcome: str = UNKNOWN
    size: int = 0
    native: bool = False
    conditional: bool = True


@dataclass
class Read:
    name: bytes
    text: bytes
    era: int


@dataclass
class History:
    """`durable`: what is acknowledged survives a power cut. `era`: how many of those there were. `was_full`: after a
    commit for which there was no room the store may see conflicts without need (`Declared.roll_back`). `kept`: of
    journals that are noted as damaged, what was kept beside each.
    """

    durable: bool
    era: int = 0
    commits: list[Commit] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    sizes: dict[bytes, int] = field(default_factory=dict)
    was_full: bool = False
    complaints: list[str] = field(default_factory=list)
    about: list[tuple[bytes, str]] = field(default_factory=list)
    kept: dict[bytes, bytes] = field(default_factory=dict)
    answers: int = 0

    def begin(self, name: bytes, types: frozenset[bytes], lines: list[bytes], opened_at: int) -> Commit:
        number = len(self.commits)
        events = b"\n".join(b"E %d.%d.%d " % (number, at, len(lines)) + line for at, line in enumerate(lines))
        commit = Commit(number, name, types, events, opened_at, self.era)
        self.commits.append(commit)
        return commit

    def acknowledge(self, commit: Commit, size: int) -> None:
        commit.outcome, commit.size, commit.era = ACKNOWLEDGED, size, self.era
        self.sizes[commit.name] = max(size, self.sizes.get(commit.name, 0))

    def cut_power(self) -> None:
        self.era += 1
        if not self.durable:
            self.sizes.clear()

    def counts(self, era: int) -> bool:
        """True when what was acknowledged then must still be there."""
        return self.durable or era == self.era

    def complain(self, what: str, name: bytes | None = None) -> None:
        """`name`: of a journal that has answered with less than it should; right where that one is damaged."""
        if name is None:
            self.complaints.append(what)
        else:
            self.about.append((name, what))

    def check(self, journals: dict[bytes, bytes]) -> None:
        """Compare with the journals' bytes at the end; what is wrong goes to `complaints`."""
        self.complaints += [what for name, what in self.about if name not in self.kept]
        placed: dict[int, int] = {}
        for name, data in journals.items():
            for fault in faults(data):
                self.complain(f"{name!r}: {fault}")
            self._place(name, data, placed)
        for commit in self.commits:
            self._check_commit(commit, placed.get(commit.number))
        for name in {commit.name for commit in self.commits}:
            self._check_verdicts(name, placed)
        texts = {name: _text(data) for name, data in journals.items()}
        for read in self.reads:
            whole = texts.get(read.name, b"")
            at_line_end = whole[len(read.text) : len(read.text) + 1] in (b"", b"\n")
            if (
                self.counts(read.era)
                and read.name not in self.kept
                and read.text
                and not (whole.startswith(read.text) and at_line_end)
            ):
                self.complain(f"{read.name!r}: a read of {len(read.text)} bytes was no prefix")

    def _place(self, name: bytes, data: bytes, placed: dict[int, int]) -> None:
        """Note where each commit ends; each must stand there whole, once, in its journal."""
        lines = data[:-1].split(b"\n") if data else []
        at = position = 0
        while at < len(lines):
            found = _EVENT.match(lines[at], PREFIX_BYTES)
            number = int(found[1]) if found else -1
            if not 0 <= number < len(self.commits):
                self.complain(f"{name!r}: an event of nobody: {lines[at][:60]!r}")
                return
            commit = self.commits[number]
            count = commit.events.count(b"\n") + 1
            text = b"\n".join(line[PREFIX_BYTES:] for line in lines[at : at + count])
            if commit.name != name or text != commit.events:
                self.complain(f"{name!r}: commit {number} is not whole, or not here")
            if number in placed:
                self.complain(f"{name!r}: commit {number} is here twice")
            position += sum(len(line) + 1 for line in lines[at : at + count])
            placed[number] = position
            at += count

    def _check_commit(self, commit: Commit, end: int | None) -> None:
        if end is None and commit.events in _text(self.kept.get(commit.name, b"")):
            return
        if commit.outcome == ACKNOWLEDGED and self.counts(commit.era) and end != commit.size:
            self.complain(f"commit {commit.number} on {commit.name!r} was acknowledged at {commit.size}, is at {end}")
        if commit.outcome in (CONFLICT, REFUSED) and end is not None:
            self.complain(f"commit {commit.number} on {commit.name!r} got {commit.outcome}, and is there")

    def _check_verdicts(self, name: bytes, placed: dict[int, int]) -> None:
        here = sorted(
            (placed[each.number], each) for each in self.commits if each.number in placed and each.name == name
        )
        declared = [(end, each.types | ({NEW_JOURNAL} if not at else set())) for at, (end, each) in enumerate(here)]
        for commit in self.commits:
            if commit.name != name or not self.counts(commit.era) or commit.outcome not in (ACKNOWLEDGED, CONFLICT):
                continue
            until = commit.size if commit.outcome == CONFLICT else commit.size - 1
            conflict = commit.conditional and any(
                types & commit.types for end, types in declared if commit.opened_at < end <= until
            )
            needless = commit.outcome == CONFLICT and commit.conditional and (self.was_full or commit.native)
            if conflict != (commit.outcome == CONFLICT) and not needless:
                self.complain(f"commit {commit.number} on {name!r} got {commit.outcome}, which is wrong")


def _text(data: bytes) -> bytes:
    return b"\n".join(line[PREFIX_BYTES:] for line in data[:-1].split(b"\n"))
