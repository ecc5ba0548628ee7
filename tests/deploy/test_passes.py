"""scripts/test: what it hands to pytest, when it fails, and that nothing is lost of what the tests have reached."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.checkout import REPOSITORY

PYTHON = """#!/bin/sh
case "$*" in
  *"-m pytest"*) ;;
  *) exit 0 ;;
esac
echo "${*#*pytest }" >>asked
for word; do
  case $word in --figures=*) echo "a figure" >>"${word#*=}" ;; esac
done
case "$*" in
  *"not alone"*) exit "$TOGETHER" ;;
esac
exit "$ALONE"
"""


class Script:
    """scripts/test where a Python stands that writes down what pytest is asked, and ends as it is told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        for each in ("scripts", ".venv/bin", "adapters/python"):
            (folder / each).mkdir(parents=True)
        shutil.copy(REPOSITORY / "scripts/test", folder / "scripts")
        (folder / "scripts/setup").touch()
        (folder / "scripts/test-adapters").write_text('echo "the adapters are tested"; exit "$ADAPTERS"\n')
        python = folder / ".venv/bin/python"
        python.write_text(PYTHON)
        python.chmod(0o755)

    def run(
        self, *arguments: str, adapters: int = 0, together: int = 0, alone: int = 0
    ) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "ADAPTERS": str(adapters), "TOGETHER": str(together), "ALONE": str(alone)}
        command = ["bash", str(self._folder / "scripts/test"), *arguments]
        return subprocess.run(command, env=env, capture_output=True, text=True, check=False)

    def asked(self) -> list[str]:
        return (self._folder / "asked").read_text().splitlines()


@pytest.fixture
def script(tmp_path: Path) -> Script:
    return Script(tmp_path)


@pytest.mark.parametrize(
    ("adapters", "together", "alone", "said"),
    [
        (0, 0, 0, ""),
        (0, 0, 5, ""),
        (1, 0, 0, "adapters."),
        (0, 1, 0, "together."),
        (0, 5, 0, "together."),
        (0, 0, 1, "alone."),
        (3, 1, 1, "adapters together alone."),
    ],
)
def test_all_parts_run_and_each_fails_the_run(
    script: Script, adapters: int, together: int, alone: int, said: str
) -> None:
    done = script.run(adapters=adapters, together=together, alone=alone)
    assert "the adapters are tested" in done.stdout
    assert done.returncode == (1 if said else 0)
    assert said in done.stderr
    assert bool(done.stderr) == bool(said)
    assert len(script.asked()) == 2
    assert done.stdout.count("a figure\n") == 2


def test_a_pass_that_was_interrupted_is_the_last(script: Script) -> None:
    assert script.run(together=2).returncode == 2
    assert len(script.asked()) == 1


def test_every_test_is_in_one_pass_and_quick_leaves_out_the_same_of_both(script: Script) -> None:
    script.run()
    quick = script.run("--quick", adapters=1)
    assert quick.returncode == 0
    assert "LEFT OUT: the adapters" in quick.stderr
    passes = ["not alone", "alone", "not alone and not slow", "alone and not slow"]
    assert [f" -m {each} " in f"{asked} " for asked, each in zip(script.asked(), passes, strict=True)] == [True] * 4


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [(("tests/wire", "-x"), "tests/wire -x"), (("--quick", "tests/wire"), "-m not slow tests/wire")],
)
def test_arguments_go_to_pytest_which_runs_once(script: Script, arguments: tuple[str, ...], asked: str) -> None:
    assert script.run(*arguments, alone=3).returncode == 3, "its own verdict is the script's"
    assert script.asked() == [asked]


@pytest.mark.slow
def test_what_tests_reach_in_several_processes_is_told_once(tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    options = ["-n2", "--dist=worksteal", "-p", "no:cacheprovider", f"--figures={figures}"]
    tests = "tests/hostile/test_log_lines.py::test_no_byte_of_a_client_breaks_a_line_or_reaches_a_terminal"
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tests], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    told = sorted(line.partition(":")[0] for line in figures.read_text().splitlines())
    assert told == [f"requests with control characters, log as {form}" for form in ("json", "text")]
