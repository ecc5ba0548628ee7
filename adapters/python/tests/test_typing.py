"""The package, and a program that uses it, are sound to `mypy --strict`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent


def mypy(*arguments: str) -> str:
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *arguments]
    environment = {**os.environ, "MYPYPATH": str(HERE.parent)}
    return subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent, env=environment).stdout


def test_the_package_and_a_program_that_uses_it() -> None:
    assert mypy("-p", "everstore_client", "-p", "tests.typed_example").startswith("Success")


def test_a_mistake_is_found(tmp_path: Path) -> None:
    program = tmp_path / "mistake.py"
    program.write_text('from everstore_client import connect\nconnect("everstore://").read("/a", since="0")\n')
    assert 'No overload variant of "read" of "Client"' in mypy(str(program))
