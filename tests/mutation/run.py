"""Changes the modules of protocol, journal, storage, repair and login in small ways, one at a time, and sees whether a
test fails: `run.py --help`.

Each mutant is tried with the tests that run its lines, the quickest first. A test that runs for too long counts as
failed, as a mutant that loops for ever must be noticed, too.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import shutil
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from branches.measure import TESTS, coverage  # noqa: E402
from mutation.mutants import Mutant, mutants  # noqa: E402
from mutation.trial import SAID, Change, Trial  # noqa: E402

SECONDS_MAX = 12.0
"""Of tests for one mutant, as they take without one; what is slower beyond it is left out."""
FIRST_S = 1.0
"""Of the tests in the folder of the module, which are tried first: most mutants do not survive them."""
GRACE_S = 10.0
POLL_S = 0.01


@dataclass(frozen=True, slots=True)
class Candidate:
    path: str
    number: int
    mutant: Mutant

    def __str__(self) -> str:
        where = f" in {self.mutant.where}" if self.mutant.where else ""
        return f"{self.path}:{self.mutant.lines[0]}{where}: {self.mutant.change}"


@dataclass(slots=True)
class Covered:
    """`tests`: by path and line the tests that run it; `seconds`: by test."""

    tests: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]

    def chosen(self, candidate: Candidate) -> tuple[list[str], list[str]]:
        """The tests to try a mutant with: first some of the module's own folder, then the others, each the quickest
        first. What runs at import, when tests are collected, or in another process, may matter to all tests of the
        folder and of the module.
        """
        lines = self.tests[candidate.path]
        first, last = candidate.mutant.lines
        folder = f"tests/{candidate.path.split('/')[1]}/"
        ids = set().union(*(lines.get(line, set()) for line in range(first, last + 1)))
        if not ids or "" in ids:
            ids = {each for each in self.seconds if each.startswith(folder)}.union(*lines.values()) - {""}
        own = self._quickest({each for each in ids if each.startswith(folder)}, FIRST_S)
        return own, self._quickest(ids - set(own), SECONDS_MAX)

    def _quickest(self, ids: set[str], seconds: float) -> list[str]:
        chosen = sorted(ids, key=lambda each: self.seconds[each])
        taken = accumulate(self.seconds[each] for each in chosen)
        return [each for each, total in zip(chosen, taken, strict=True) if total <= seconds]


@dataclass(slots=True)
class Score:
    """`there`: mutants without the equivalent ones, of which `tried` were tried and `noticed` noticed."""

    there: int = 0
    tried: dict[str, int] = field(default_factory=dict)
    noticed: dict[str, int] = field(default_factory=dict)
    survivors: list[str] = field(default_factory=list)

    def note(self, candidate: Candidate, verdict: str) -> None:
        self.tried[candidate.path] = self.tried.get(candidate.path, 0) + 1
        if verdict != "survived":
            self.noticed[candidate.path] = self.noticed.get(candidate.path, 0) + 1
        else:
            self.survivors.append(str(candidate))


def covered(folder: Path) -> Covered:
    """Run all tests once without a mutant."""
    variables = {**os.environ, "COVERAGE_FILE": str(folder / "coverage")}
    variables.pop("EVERSTORE_CAMPAIGN", None)
    tests = [f"tests/{each}" for each in TESTS]
    program = str(Path(__file__).with_name("covered.py"))
    temporary = f"--basetemp={folder}/tmp"
    coverage(["run", "--parallel-mode", program, str(folder / "seconds"), temporary, *tests], variables)
    coverage(["combine", "--quiet"], variables)
    coverage(["json", "--quiet", "--show-contexts", "-o", str(folder / "report")], variables)
    files = json.loads((folder / "report").read_text())["files"]
    lines = {path: {int(line): set(tests) for line, tests in each["contexts"].items()} for path, each in files.items()}
    return Covered(lines, json.loads((folder / "seconds").read_text()))


def candidates(paths: list[str]) -> list[Candidate]:
    """All mutants of these modules but those that the table holds for equivalent.

    Raises:
        SystemExit: an entry of the table names no mutant.
    """
    table = [each for each in equivalents() if each.path in paths]
    found: list[Candidate] = []
    named: set[Equivalent] = set()
    for path in paths:
        source = (ROOT / path).read_bytes()
        lines = source.decode().splitlines()
        for number, mutant in enumerate(mutants(ast.parse(source))):
            one = Candidate(path, number, mutant)
            entries = [each for each in table if each.names(one, lines[mutant.lines[0] - 1])]
            named |= {*entries}
            found += [] if entries else [one]
    if stale := set(table) - named:
        sys.exit(f"equivalent.toml names what is no mutant: {stale}")
    return found


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A mutant that no test can notice. `on`: a part of its line, where that is needed to tell it from others."""

    path: str
    where: str
    change: str
    on: str

    def names(self, candidate: Candidate, line: str) -> bool:
        mutant = candidate.mutant
        same = (self.path, self.where, self.change) == (candidate.path, mutant.where, mutant.change)
        return same and self.on in line


def equivalents() -> Iterator[Equivalent]:
    """The table, in which each has its reason."""
    for each in tomllib.loads(Path(__file__).with_name("equivalent.toml").read_text())["equivalent"]:
        assert each["why"]
        for change in each["changes"]:
            yield Equivalent(each["path"], each["where"], change, each.get("on", ""))


class Attempt:
    """One mutant under way: tried with the tests that it hardly survives, then with the others."""

    def __init__(self, candidate: Candidate, known: Covered, folder: Path) -> None:
        self.candidate = candidate
        self._known = known
        self._folder = folder
        self._waiting = [ids for ids in known.chosen(candidate) if ids]
        self._trial: Trial | None = None

    def verdict(self) -> str:
        """As that of a trial."""
        found = self._trial.verdict() if self._trial else "survived"
        if found:
            shutil.rmtree(self._folder, ignore_errors=True)
        if found != "survived" or not self._waiting:
            return found
        ids = self._waiting.pop(0)
        seconds = GRACE_S + 5 * sum(self._known.seconds[each] for each in ids)
        path = self.candidate.path
        change = Change(ROOT / path, path.removesuffix(".py").replace("/", "."), self.candidate.number)
        self._trial = Trial(change, ids, seconds, self._folder)
        return ""


def attempts(
    some: list[Candidate], known: Covered, processes: int, seconds: float, folder: Path
) -> Iterator[tuple[Candidate, str]]:
    """Try mutants, several at once, for so long; gives each with its verdict."""
    deadline = time.monotonic() + seconds
    waiting = (Attempt(each, known, folder / str(number)) for number, each in enumerate(some))
    under_way: list[Attempt] = []
    while True:
        room = processes - len(under_way) if time.monotonic() < deadline else 0
        under_way += islice(waiting, room)
        if not under_way:
            return
        verdicts = [(each, each.verdict()) for each in under_way]
        under_way = [each for each, verdict in verdicts if not verdict]
        yield from ((each.candidate, verdict) for each, verdict in verdicts if verdict)
        time.sleep(POLL_S)


def control(known: Covered, folder: Path) -> None:
    """Without any change no test may fail.

    Raises:
        SystemExit: one does.
    """
    trial = Trial(None, list(known.seconds), GRACE_S + 8 * sum(known.seconds.values()), folder)
    while not (verdict := trial.verdict()):
        time.sleep(POLL_S)
    if verdict != "survived":
        said = (folder / SAID).read_text(errors="replace") if (folder / SAID).exists() else ""
        sys.exit(f"without any change the tests fail: {verdict}\n{said}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Say which small changes of the product no quick test notices.")
    parser.add_argument("--only", default="", help="a part of the modules' paths")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32), help="of their order")
    minutes = float(os.environ.get("EVERSTORE_CAMPAIGN_MINUTES", "inf"))
    parser.add_argument("--minutes", type=float, default=minutes, help="for trials, after the tests ran once")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="trials at once")
    parser.add_argument("--json", type=Path, help="a file for the result")
    options = parser.parse_args()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        known = covered(folder)
        control(known, folder / "control")
        some = candidates([path for path in sorted(known.tests) if options.only in path])
        random.Random(options.seed).shuffle(some)
        score = Score(len(some))
        for candidate, verdict in attempts(some, known, options.processes, 60 * options.minutes, folder):
            score.note(candidate, verdict)
            if verdict == "survived":
                tell(candidate)
    for path, tried in sorted(score.tried.items()):
        tell(f"{path}: {score.noticed.get(path, 0)} of {tried}")
    noticed, tried = sum(score.noticed.values()), sum(score.tried.values())
    share = f"{1000 * noticed // max(tried, 1) / 10:g} %"
    tell(f"{noticed} of {tried} mutants were noticed, {share}; there are {score.there}; seed {options.seed}")
    if options.json:
        options.json.write_text(json.dumps([noticed, tried, score.there]))


def tell(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
