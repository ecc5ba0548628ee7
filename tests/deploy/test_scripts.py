"""scripts/serve in a fresh clone and again, scripts/setup after an interruption, and which Python they take."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.checkout import REPOSITORY, copy_checkout
from support.server import READY


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clone")
    yield copy_checkout(folder / "with a space")
    shutil.rmtree(folder)


@pytest.mark.slow
def test_serve_sets_up_and_serves_its_journals_the_first_time_and_the_second(clone: Path) -> None:
    ready_line, said = _serve(clone)
    assert f"journals in {clone}/journals" in ready_line
    assert "installing what is needed" in said
    ready_line, said = _serve(clone)
    assert f"journals in {clone}/journals" in ready_line
    assert "installing" not in said


@pytest.mark.slow
def test_setup_mends_what_an_interrupted_run_left(clone: Path) -> None:
    shutil.rmtree(clone / ".venv", ignore_errors=True)
    (clone / ".venv/bin").mkdir(parents=True)
    (clone / ".venv/bin/python").symlink_to("/nowhere/python3")
    ready_line, said = _serve(clone)
    assert READY.match(ready_line)
    assert "making .venv" in said


def test_setup_does_not_take_a_word_it_does_not_know() -> None:
    done = subprocess.run(["bash", REPOSITORY / "scripts/setup", "tests"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'tests'" in done.stderr


OLD = "echo Python 3.9.2; [ $1 = --version ]"
SHIM = "echo python: no such version >&2; exit 127"
WITHOUT_VENV = 'case $2 in *ensurepip*) exit 1 ;; esac; [ "$1" != --version ] || echo Python 3.12.0'
GOOD = '[ "$1" != --version ] || echo Python 3.11.0'


@pytest.mark.parametrize(
    ("pythons", "taken"),
    [
        ({"python3.13": SHIM, "python3.11": GOOD, "python3": OLD}, "python3.11"),
        ({"python3.13": GOOD, "python3.11": GOOD}, "python3.13"),
        ({"python3.12": WITHOUT_VENV, "python3": GOOD}, "python3"),
    ],
)
def test_the_newest_python_that_works_is_taken(tmp_path: Path, pythons: dict[str, str], taken: str) -> None:
    done = _find_python(tmp_path, pythons)
    assert done.stdout == f"{tmp_path}/{taken}\n", done.stderr


@pytest.mark.parametrize(
    ("pythons", "said"),
    [
        ({}, "None of these works here"),
        ({"python3.13": SHIM}, "None of these works here"),
        ({"python3": OLD}, "too old"),
        ({"python3.12": WITHOUT_VENV}, "apt-get install python3-venv"),
    ],
)
def test_without_a_python_it_says_what_is_missing(tmp_path: Path, pythons: dict[str, str], said: str) -> None:
    done = _find_python(tmp_path, pythons)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Python 3.11 or newer" in done.stderr
    assert said in done.stderr


def _serve(clone: Path) -> tuple[str, str]:
    """Start scripts/serve, end it when it is ready; returns the ready line and what went to standard error."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("EVERSTORE_")}
    command = [str(clone / "scripts/serve"), "--port=0"]
    both = subprocess.PIPE
    with subprocess.Popen(command, env=env, cwd="/", stdout=both, stderr=both, text=True) as server:
        assert server.stdout is not None
        ready_line = server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
        assert server.returncode == 0, said
    return ready_line, said


def _find_python(folder: Path, pythons: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run scripts/find-python where the PATH holds just these programs, each a line of shell."""
    for name, line in pythons.items():
        (folder / name).write_text(f"#!/bin/sh\n{line}\n")
        (folder / name).chmod(0o755)
    bash = shutil.which("bash")
    assert bash is not None
    command = [bash, str(REPOSITORY / "scripts/find-python")]
    return subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)
