"""install.sh: into a home of its own, again, and away; and what it hands to docker."""

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


class Home:
    """A user's home, and install.sh of a checkout run in it, with the environment that a shell there would have."""

    def __init__(self, path: Path, checkout: Path) -> None:
        self.path = path
        self.checkout = checkout
        self.bin = path / ".local/bin"
        self.venv = path / ".local/share/everstore/venv"
        foreign = ("PREFIX", "PYTHONPATH")
        kept = {k: v for k, v in os.environ.items() if k not in foreign and not k.startswith("EVERSTORE_")}
        self.env = kept | {"HOME": str(path)}

    def install(self, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
        return self.run("bash", self.checkout / "install.sh", *options, **env)

    def run(self, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=self.env | env, cwd="/", capture_output=True, text=True, check=False)

    def imports(self, *modules: str) -> bool:
        return self.run(self.venv / "bin/python", "-c", f"import {', '.join(modules)}").returncode == 0


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home", REPOSITORY)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Installed once for the tests that only look, from a copy that they may change."""
    folder = tmp_path_factory.mktemp("install")
    (folder / "home").mkdir()
    home = Home(folder / "home", copy_checkout(folder / "checkout"))
    done = home.install()
    assert done.returncode == 0, done.stderr
    assert "is not on your PATH" in done.stderr
    yield home
    shutil.rmtree(folder)


@pytest.mark.slow
def test_an_installed_server_starts_and_stops(installed: Home, tmp_path: Path) -> None:
    command = [str(installed.bin / "everstore-server"), "--port=0", f"--journals={tmp_path}"]
    with subprocess.Popen(command, env=installed.env, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert READY.match(server.stdout.readline())
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


@pytest.mark.slow
def test_the_installed_command_runs(installed: Home) -> None:
    done = installed.run(installed.bin / "everstore", "--help")
    assert done.returncode == 0, done.stderr
    assert "status" in done.stdout


@pytest.mark.slow
def test_installing_again_upgrades(installed: Home) -> None:
    """What is new in the checkout comes, what has gone from it goes, and nothing is said of a PATH that is right."""
    package = installed.checkout / "everstore"
    (package / "newcomer.py").write_text("")
    assert installed.install(PATH=f"{installed.bin}:{installed.env['PATH']}").stderr.count("PATH") == 0
    assert installed.imports("everstore.newcomer")
    (package / "newcomer.py").unlink()
    assert installed.install().returncode == 0
    assert not installed.imports("everstore.newcomer")


@pytest.mark.slow
def test_installing_mends_what_an_interrupted_run_left(installed: Home) -> None:
    shutil.rmtree(installed.venv / "lib")
    done = installed.install()
    assert done.returncode == 0, done.stderr
    assert installed.imports("everstore", "everstore_client")


@pytest.mark.slow
def test_installing_leaves_the_checkout_as_it_was(installed: Home) -> None:
    assert not [path for path in installed.checkout.rglob("*") if path.name == "build" or path.suffix == ".egg-info"]


def test_uninstalling_removes_just_what_was_made(home: Home) -> None:
    home.bin.mkdir(parents=True)
    (home.venv / "bin").mkdir(parents=True)
    (home.venv / "pyvenv.cfg").touch()
    (home.bin / "everstore-server").symlink_to(home.venv / "bin/everstore-server")
    (home.bin / "everstore").write_text("somebody else's")
    (home.venv.parent / "notes").write_text("somebody else's")
    done = home.install("--uninstall")
    assert done.returncode == 0, done.stderr
    left = sorted(path.relative_to(home.path) for path in home.path.rglob("*") if not path.is_dir())
    assert left == [Path(".local/bin/everstore"), Path(".local/share/everstore/notes")]


def test_a_command_of_somebody_else_is_not_replaced(home: Home) -> None:
    home.bin.mkdir(parents=True)
    (home.bin / "everstore").write_text("somebody else's")
    done = home.install()
    assert done.returncode == 1
    assert f"{home.bin}/everstore is there already" in done.stderr
    assert not home.venv.exists()


def test_an_option_it_does_not_know_is_refused(home: Home) -> None:
    done = home.install("--dokcer")
    assert done.returncode == 2
    assert "--dokcer" in done.stderr
    assert list(home.path.iterdir()) == []


def test_help_names_every_option(home: Home) -> None:
    done = home.install("--help")
    assert done.returncode == 0
    for word in ("--docker", "--uninstall", "EVERSTORE_HOME", "PREFIX", "PYTHON"):
        assert word in done.stdout


def test_docker_builds_the_image_where_an_engine_answers(home: Home) -> None:
    """With a `docker` that writes down what it is asked; tests/deploy/test_image.py builds with buildah."""
    asked = _ask_docker(home, "--docker", "--base", "mine", https_proxy="http://proxy.invalid")
    assert asked[0] == "info"
    assert asked[1].startswith("build --tag everstore ")
    assert " --build-arg BASE=mine " in asked[1]
    assert " --build-arg https_proxy " in asked[1]
    assert asked[1].endswith(" .")


def test_docker_gets_the_configuration_of_pip_as_secrets(home: Home) -> None:
    certificate = home.path / "certificate"
    certificate.touch()
    pip = {"PIP_INDEX_URL": "http://index.invalid/simple", "PIP_CERT": str(certificate)}
    asked = _ask_docker(home, "--docker", **pip)
    assert f" --secret id=certificates,src={certificate} " in asked[1]
    assert "http://index.invalid" not in asked[1]
    configuration = (home.path / "pip.conf").read_text().splitlines()
    assert configuration[:2] == ["[global]", "index-url = http://index.invalid/simple"]
    assert "cert = /run/secrets/certificates" in configuration


DOCKER = """#!/bin/sh
echo "$*" >>"$HOME/asked"
for word; do
  case $word in id=pip.conf,src=*) cp "${word#*,src=}" "$HOME/pip.conf" ;; esac
done
"""


def _ask_docker(home: Home, *options: str, **env: str) -> list[str]:
    """What a `docker` on the PATH is asked, call by call."""
    tools = home.path / "tools"
    tools.mkdir()
    (tools / "docker").write_text(DOCKER)
    (tools / "docker").chmod(0o755)
    done = home.install(*options, PATH=f"{tools}:{home.env['PATH']}", **env)
    assert done.returncode == 0, done.stderr
    return (home.path / "asked").read_text().splitlines()
