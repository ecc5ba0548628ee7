"""The image's entry point by itself: which password it finds, and what it becomes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.checkout import REPOSITORY

# A server that says what it was started with.
SERVER = """#!/bin/sh
echo "$*"
echo "${EVERSTORE_PASSWORD-unset}"
cat "${EVERSTORE_PASSWORD_FILE:-/dev/null}"
"""


class Volume:
    """A journals folder with the entry point started on it, time and again."""

    def __init__(self, folder: Path) -> None:
        self.journals = folder / "journals"
        self.kept = self.journals / ".everstore/password"
        self.tools = folder / "tools"
        self.tools.mkdir()
        (self.tools / "everstore-server").write_text(SERVER)
        (self.tools / "everstore-server").chmod(0o755)

    def start(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        given = {name: value for name, value in os.environ.items() if not name.startswith("EVERSTORE_")}
        given |= {"PATH": f"{self.tools}:{given['PATH']}", "EVERSTORE_PORT": "6929"}
        return subprocess.run(
            ["sh", REPOSITORY / "docker/entrypoint", *arguments],
            env=given | {"EVERSTORE_JOURNALS": str(self.journals)} | env,
            capture_output=True,
            text=True,
            check=True,
        )


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return Volume(tmp_path)


def test_it_hands_its_options_to_the_server(volume: Volume) -> None:
    assert volume.start("--workers", "4").stdout.splitlines()[0] == "--workers 4"


def test_a_password_is_made_once_and_kept(volume: Volume) -> None:
    first, second = volume.start(), volume.start()
    password = volume.kept.read_text()
    assert len(password) == 24
    assert password.isalnum()
    assert volume.kept.stat().st_mode & 0o777 == 0o600
    assert first.stderr.count(password) == 1
    assert password not in second.stderr
    assert first.stdout == second.stdout == f"\nunset\n{password}"


def test_every_volume_gets_its_own_password(tmp_path: Path) -> None:
    made = set()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        volume = Volume(tmp_path / name)
        volume.start()
        made.add(volume.kept.read_text())
    assert len(made) == 2


@pytest.mark.parametrize("left", ["password", "password.new"])
def test_what_an_interrupted_start_left_is_no_password(volume: Volume, left: str) -> None:
    volume.kept.parent.mkdir(parents=True)
    (volume.kept.parent / left).touch()
    volume.start()
    assert len(volume.kept.read_text()) == 24


def test_a_given_password_goes_before_the_kept_one(volume: Volume) -> None:
    volume.start()
    assert volume.start(EVERSTORE_PASSWORD="given").stdout == "\ngiven\n"
    assert volume.start(EVERSTORE_PASSWORD="given", EVERSTORE_PASSWORD_FILE=str(volume.kept)).stdout == "\ngiven\n"


def test_an_empty_variable_is_a_forgotten_one(volume: Volume) -> None:
    said = volume.start(EVERSTORE_PASSWORD="", EVERSTORE_PASSWORD_FILE="")
    assert said.stdout == f"\nunset\n{volume.kept.read_text()}"


def test_a_command_gets_the_address_and_the_kept_password_and_makes_none(volume: Volume) -> None:
    show = ("sh", "-c", 'echo "$EVERSTORE_URL $EVERSTORE_PASSWORD_FILE"')
    assert volume.start(*show).stdout == f"everstore://127.0.0.1:6929 {volume.kept}\n"
    assert volume.start(*show, EVERSTORE_USER="ada").stdout.startswith("everstore://ada@127.0.0.1:6929 ")
    assert not volume.journals.exists()


def test_with_a_file_of_users_the_server_gets_no_password_and_none_is_made(tmp_path: Path) -> None:
    volume = Volume(tmp_path)
    started = volume.start(EVERSTORE_USERS="/users.json", EVERSTORE_PASSWORD="", EVERSTORE_PASSWORD_FILE="")
    assert (started.stdout, started.stderr) == ("\nunset\n", "")
    assert not volume.kept.exists()
    show = ("sh", "-c", 'echo "$EVERSTORE_PASSWORD"')
    assert volume.start(*show, EVERSTORE_USERS="/users.json", EVERSTORE_PASSWORD="mine").stdout == "mine\n"
