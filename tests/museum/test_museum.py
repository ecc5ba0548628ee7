"""Bugs that were found on the way, and stay so: each patch in this folder brings one back, and the test that it names
has to fail then.

A patch begins with what was seen, what it came of, what found it, and `Test:`. One that does not apply any more, since
the code around it has changed, is made anew, or goes when its bug has become impossible:

    edit everstore/ so that the bug is back; git diff -U1 everstore > the patch; git checkout everstore
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import copy_checkout

PATCHES = sorted(Path(__file__).parent.glob("*.patch"))
TEST = re.compile(r"^Test: (tests/\S+::\S.*)$", re.MULTILINE)
SOME_TESTS_FAILED = 1  # pytest's exit code; others say that it could not run them


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("museum") / "checkout")


@pytest.fixture
def with_the_bug(checkout: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    def apply(*options: str) -> None:
        subprocess.run(["git", "apply", *options, str(request.param)], cwd=checkout, check=True)

    apply()
    yield checkout
    apply("--reverse")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("with_the_bug", "patch"),
    [(patch, patch) for patch in PATCHES],
    ids=[patch.stem for patch in PATCHES],
    indirect=["with_the_bug"],
)
def test_a_bug_that_comes_back_is_found(with_the_bug: Path, patch: Path) -> None:
    named = TEST.search(patch.read_text())
    assert named, f"{patch.name} names no test"
    path = os.pathsep.join([str(with_the_bug), str(with_the_bug / "adapters/python")])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", named[1]],
        cwd=with_the_bug,
        # Python takes a module for unchanged that has its old size and second.
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == SOME_TESTS_FAILED, f"{named[1]} does not see the bug of {patch.name}:\n{ran.stdout}"
