"""Which branches of protocol, journal, storage, repair and login the quick tests take: `measure.py` prints those that
none does, and fails if there are any.

Measured are the tests that run in this process or in a copy of it, of the modules that `pyproject.toml` names. What
only a test with a whole server takes counts as not taken: such a test says too little of what went wrong.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TESTS = ("faults/test_single_faults.py", "wire", "journal", "storage", "engine", "users", "supervisor")
"""Folders of tests, or files; those that are marked slow are left out."""


@dataclass(frozen=True, slots=True)
class Measured:
    """`taken` of `there` branches and statements; `missing`: one line for each other one, with its file."""

    taken: int
    there: int
    missing: list[str]


def measure(folder: Path, tests: tuple[str, ...] = TESTS) -> Measured:
    """Run the tests in these folders, with what they leave in an empty `folder`.

    Raises:
        RuntimeError: a test has failed, and the message is what pytest said.
    """
    variables = {**os.environ, "COVERAGE_FILE": str(folder / "coverage")}
    variables.pop("EVERSTORE_CAMPAIGN", None)
    paths = [str(ROOT / "tests" / each) for each in tests]
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", f"--basetemp={folder}/tmp", *paths]
    coverage(["run", "--parallel-mode", *pytest], variables)
    coverage(["combine", "--quiet"], variables)
    coverage(["json", "--quiet", "-o", str(folder / "report")], variables)
    return read(json.loads((folder / "report").read_text()))


def coverage(arguments: list[str], variables: dict[str, str]) -> None:
    """Run coverage.py in the repository.

    Raises:
        RuntimeError: it says that something has failed.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, env=variables, capture_output=True, check=False
    )
    if ended.returncode:
        raise RuntimeError((ended.stdout + ended.stderr).decode(errors="replace"))


def read(report: dict[str, Any]) -> Measured:
    """What a report of coverage.py, as JSON, says."""
    missing: list[str] = []
    for path, each in sorted(report["files"].items()):
        lines = each["missing_lines"]
        missing += [f"{path}:{line}: is never run" for line in lines]
        missing += [
            f"{path}:{start}: never goes on {f'at line {end}' if end > 0 else 'to the end of its function'}"
            for start, end in each["missing_branches"]
            if start not in lines
        ]
    totals = report["totals"]
    there = totals["num_statements"] + totals["num_branches"]
    return Measured(totals["covered_lines"] + totals["covered_branches"], there, missing)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        found = measure(Path(temporary))
    lines = [*found.missing, f"{found.taken} of {found.there} statements and branches are taken"]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(1 if found.missing else 0)
