"""Settings: a wrong value says which one, where it comes from, what it may be, and the server does not start."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest
from support import frames
from support.server import RunningServer
from support.wire import Client

pytestmark = pytest.mark.slow

USAGE_EXIT_CODE = 2
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("EVERSTORE_")}
ALLOWED = {
    "port": r"65535|65,535",
    "workers": r"\d",
    "durability": r"fsync.*os|os.*fsync",
    "max-connections": r"\d",
    "max-request": r"(?i)MiB|KiB|bytes",
    "transaction-lifetime": r"(?i)second|\d",
    "log-level": r"(?i)info",
    "log-format": r"text.*json|json.*text",
}
WRONG = [
    ("port", "abc"),
    ("port", "-1"),
    ("port", "65536"),
    ("workers", "0"),
    ("workers", "many"),
    ("durability", "never"),
    ("max-connections", "0"),
    ("max-connections", "x"),
    ("max-request", "x"),
    ("max-request", "-1"),
    ("max-request", "16XB"),
    ("transaction-lifetime", "x"),
    ("transaction-lifetime", "-1"),
    ("log-level", "loud"),
    ("log-format", "xml"),
]
WRONG_FROM_ELSEWHERE = [WRONG[0], *[(option, value) for option, value in WRONG[3:] if value not in ("0", "-1", "16XB")]]
WRONG_ORIGINAL_KEYS = [
    ("numWorkers", "none"),
    ("numWorkers", "0"),
    ("maxConnections", "x"),
    ("port", "99999"),
    ("maxJournalLifeTime", "x"),
    ("maxBufferSize", "x"),
]


class Ended(NamedTuple):
    code: int
    said: str


def run(tmp_path: Path, *options: str, env: dict[str, str] | None = None) -> Ended:
    """Start a server that is expected not to get ready; a running one is ended, and shows as the wrong exit code."""
    command = [*RunningServer(tmp_path / "journals").command()[:3], f"--journals={tmp_path / 'journals'}", *options]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=CLEAN | (env or {})
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline().startswith("everstore ready"):
            process.terminate()
        out, err = process.communicate(timeout=30)
    return Ended(process.returncode, out + err)


def assert_explained(ended: Ended, option: str, value: str, source: str) -> None:
    said = " ".join(ended.said.split())
    assert ended.code == USAGE_EXIT_CODE, said
    assert "Traceback" not in said
    assert re.search(option.replace("-", "[-_]"), said, re.IGNORECASE), f"the option is named: {said}"
    assert value in said, f"the value is shown: {said}"
    assert source in said, f"its source is named: {said}"
    assert re.search(ALLOWED.get(option, r"\d"), said), f"what is allowed is said: {said}"


@pytest.mark.parametrize(("option", "value"), WRONG)
def test_a_wrong_option_is_explained(tmp_path: Path, option: str, value: str) -> None:
    assert_explained(run(tmp_path, f"--{option}={value}"), option, value, f"--{option}")


@pytest.mark.parametrize(("option", "value"), WRONG_FROM_ELSEWHERE)
def test_a_wrong_environment_variable_is_explained(tmp_path: Path, option: str, value: str) -> None:
    variable = "EVERSTORE_" + option.upper().replace("-", "_")
    assert_explained(run(tmp_path, env={variable: value}), option, value, variable)


@pytest.mark.parametrize(("option", "value"), [pair for pair in WRONG_FROM_ELSEWHERE if "-" not in pair[0]])
def test_a_wrong_value_in_a_toml_file_is_explained(tmp_path: Path, option: str, value: str) -> None:
    file = tmp_path / "everstore.toml"
    file.write_text(f'{option} = "{value}"\n')
    assert_explained(run(tmp_path, f"--config={file}"), option, value, "everstore.toml")


@pytest.mark.parametrize(("key", "value"), WRONG_ORIGINAL_KEYS)
def test_a_wrong_value_in_the_originals_settings_is_explained(tmp_path: Path, key: str, value: str) -> None:
    file = tmp_path / "settings.conf"
    file.write_text(f"{key}={value}\n")
    assert_explained(run(tmp_path, f"--config={file}"), key, value, "settings.conf")


@pytest.mark.parametrize("content", ["port = ", "not toml at all", "[port\n"])
def test_a_toml_file_that_is_none_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "everstore.toml"
    file.write_text(content)
    ended = run(tmp_path, f"--config={file}")
    assert ended.code == USAGE_EXIT_CODE, ended.said
    assert "everstore.toml" in ended.said
    assert "Traceback" not in ended.said


@pytest.mark.parametrize("option", ["config", "password-file"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, option: str) -> None:
    ended = run(tmp_path, f"--{option}={tmp_path / 'nowhere'}")
    assert ended.code == USAGE_EXIT_CODE, ended.said
    assert str(tmp_path / "nowhere") in ended.said
    assert "Traceback" not in ended.said


def test_a_journal_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("a file")
    ended = run(tmp_path, "--port=0")
    assert ended.code != 0
    assert str(tmp_path / "journals") in ended.said
    assert "Traceback" not in ended.said


# -- right values


def test_the_environment_sets_what_the_command_line_does_not(tmp_path: Path) -> None:
    env = CLEAN | {"EVERSTORE_DURABILITY": "os", "EVERSTORE_WORKERS": "4"}
    with RunningServer(tmp_path / "journals", env=env, workers=3) as server:
        assert len(server.worker_pids()) == 3, "the command line comes first"
        assert "os" in server.ready_line.replace(str(tmp_path), "")


def test_the_originals_settings_are_read(tmp_path: Path) -> None:
    (tmp_path / "settings.conf").write_text(
        f"journalDir={tmp_path / 'elsewhere'}\nnumWorkers=3\nmaxConnections=2\nport=1\n"
        "maxJournalLifeTime=1\nmaxBufferSize=65536\nlogLevel=1\n"
    )

    class Inherited(RunningServer):
        def command(self) -> list[str]:
            return [*super().command()[:3], f"--config={tmp_path / 'settings.conf'}", "--port=0"]

    with Inherited(tmp_path / "journals", env=CLEAN) as server, Client(server.port) as client:
        assert len(server.worker_pids()) == 3
        client.append(b"/a", b"t {}")
        assert (tmp_path / "elsewhere" / "a.log").exists()
        with Client(server.port) as second:
            second.exists(b"/a")
            with Client(server.port, login=False) as third:
                assert third.until_closed() == b"", "two connections are allowed"


def test_a_toml_file_sets_what_nothing_else_does(tmp_path: Path) -> None:
    (tmp_path / "everstore.toml").write_text('workers = 3\ndurability = "os"\n')
    with RunningServer(tmp_path / "journals", env=CLEAN, workers=1, config=tmp_path / "everstore.toml") as server:
        assert len(server.worker_pids()) == 1, "the command line comes first"
        assert "os" in server.ready_line.replace(str(tmp_path), "")


# -- the password


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_beyond_loopback_it_does_not_start_without_a_password(tmp_path: Path, host: str) -> None:
    ended = run(tmp_path, f"--host={host}", "--port=0")
    assert ended.code != 0
    assert "password" in ended.said.lower()
    assert "Traceback" not in ended.said


def test_beyond_loopback_it_starts_with_a_password_and_takes_no_other(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("correct horse\n")
    options = {"host": "0.0.0.0", "password_file": tmp_path / "password", "workers": 1}
    with RunningServer(tmp_path / "journals", env=CLEAN, **options) as server:
        with Client(server.port, password=b"correct horse") as client:
            assert not client.exists(b"/a")
        for wrong in (b"passwd", b"correct hors", b"correct horse\n"):
            with Client(server.port, password=wrong) as client:
                assert client.ask(frames.exists(b"/a")).code == 2
        assert "correct horse" not in server.log()


def test_on_loopback_the_published_credentials_open_the_door_with_a_warning(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", env=CLEAN, workers=1) as server, Client(server.port) as client:
        assert not client.exists(b"/a")
        assert re.search(r"(?i)warn.*password|password.*warn|warn.*passwd|warn.*credentials", server.log())


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n")
    ended = run(tmp_path, "--port=0", f"--password-file={tmp_path / 'password'}")
    assert ended.code == USAGE_EXIT_CODE, ended.said
    assert "password" in ended.said


def test_a_password_longer_than_the_protocol_carries_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p" * 33)
    ended = run(tmp_path, "--port=0", f"--password-file={tmp_path / 'password'}")
    assert ended.code == USAGE_EXIT_CODE, ended.said
    assert "32" in ended.said
