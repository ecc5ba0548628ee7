"""Bugs that were found on the way, and stay so: each patch in this folder brings one back, and the test that it names
has to fail then, though it passes without.

A patch begins with what was seen, what it came of, what found it, and the quickest test that sees it. One that does not
apply any more, since the code around it has changed, is made anew, or goes when its bug has become impossible:

    edit everstore/ so that the bug is back; git diff -U1 everstore > the patch; git checkout everstore
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.checkout import copy_checkout

PATCHES = sorted(Path(__file__).parent.glob("*.patch"))
LABEL = re.compile(r"(?:(?:Seen|Cause|Found by): .+\n(?:  .+\n)*){3}Test: (tests/\S+::\S.*)\n\n")
SEEN = re.compile(r"^1 failed\b", re.MULTILINE)  # and not an error before or behind the test
NOT_THE_BUG = re.compile(r"\b(?:NameError|UnboundLocalError|SyntaxError|IndentationError|ImportError)\b")
HARMLESS = """Seen: nothing.
Cause: none.
Found by: nobody.
Test: tests/journal/test_text.py::test_a_time_that_does_not_exist_is_no_timestamp

diff --git a/everstore/harmless.py b/everstore/harmless.py
new file mode 100644
--- /dev/null
+++ b/everstore/harmless.py
@@ -0,0 +1 @@
+HARM = None
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checkout(tmp_path_factory.mktemp("museum") / "checkout")


@pytest.mark.slow
@pytest.mark.parametrize("patch", PATCHES, ids=[patch.stem for patch in PATCHES])
def test_a_bug_that_comes_back_is_found(checkout: Path, patch: Path) -> None:
    assert what_is_wrong(checkout, patch) == ""


@pytest.mark.slow
def test_without_a_bug_all_of_these_tests_pass(checkout: Path) -> None:
    output = tried(checkout, *sorted({named_by(patch) for patch in PATCHES}))
    assert re.search(r"^\d+ passed in", output, re.MULTILINE), output


@pytest.mark.slow
def test_a_patch_that_its_test_does_not_see_is_told(checkout: Path, tmp_path: Path) -> None:
    patch = tmp_path / "harmless.patch"
    patch.write_text(HARMLESS)
    assert what_is_wrong(checkout, patch).startswith(f"{named_by(patch)} does not see the bug of harmless.patch")
    assert not (checkout / "everstore/harmless.py").exists(), "the next patch finds the product as it is"


def what_is_wrong(checkout: Path, patch: Path) -> str:
    """Why this patch is no exhibit, with what its test said; nothing when it is one."""
    test = named_by(patch)
    with applied(checkout, patch):
        output = tried(checkout, test)
    if not SEEN.search(output):
        return f"{test} does not see the bug of {patch.name}:\n{output}"
    if NOT_THE_BUG.search(output):
        return f"{patch.name} does not bring a bug back, it breaks the program:\n{output}"
    return ""


def named_by(patch: Path) -> str:
    label = LABEL.match(patch.read_text())
    assert label, f"{patch.name} does not begin with Seen, Cause, Found by and Test, and an empty line"
    return label[1]


@contextmanager
def applied(checkout: Path, patch: Path) -> Iterator[None]:
    def apply(*options: str) -> None:
        done = subprocess.run(
            ["git", "apply", *options, str(patch)], cwd=checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{patch.name} does not apply, and is to be made anew:\n{done.stderr}"

    apply()
    try:
        yield
    finally:
        apply("--reverse")


def tried(checkout: Path, *tests: str) -> str:
    """What pytest says of these tests, of a checkout as it is."""
    path = os.pathsep.join([str(checkout), str(checkout / "adapters/python")])
    return subprocess.run(
        # Plain, since rewriting the assertions of plugins, whose bytecode is not kept, takes longer than most tests.
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--assert=plain", *tests],
        cwd=checkout,
        # Python takes a module for unchanged that has its old size and second.
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout
