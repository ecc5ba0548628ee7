"""The README's session, as a stranger would type it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.server import RunningServer

README = (Path(__file__).parents[2] / "README.md").read_text()
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} ")


def block(kind: str) -> str:
    found = re.findall(rf"```{kind}\n(.*?)```", README, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_session_prints_what_the_readme_says(tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    commands = re.findall(r"^\$ (.*)$", block("console"), re.MULTILINE)
    script = "\n".join(f"echo '$ {command}'; {command}" for command in commands)
    with RunningServer(tmp_path / "journals") as server:
        (tmp_path / "first.py").write_text(block("python").replace("6929", str(server.port)))
        shown = subprocess.run(
            ["bash", "-ec", script],
            cwd=tmp_path,
            env={**os.environ, "EVERSTORE_URL": f"everstore://localhost:{server.port}"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    # A terminal shows nothing of the end marker behind the last line, and so no end of that line either.
    assert STAMP.sub("", shown.replace("\0", "\n")) == STAMP.sub("", block("console"))


def test_every_file_that_it_names_is_there() -> None:
    for path in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (Path(__file__).parents[2] / path).exists(), path


def test_both_commands_are_there() -> None:
    for command in ("scripts/serve", "scripts/test"):
        assert f"    {command} " in README
        assert os.access(Path(__file__).parents[2] / command, os.X_OK)
