from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from support.command import everstore
from support.server import RunningServer


def test_ls_lists_names_in_order_and_by_prefix(server: RunningServer) -> None:
    names = ["/ls/a", "/ls/a-b", "/ls/a/b", "/ls/b", "/ls/ö"]
    for name in reversed(names):
        everstore("append", name, stdin="a 1\n", port=server.port)
    assert everstore("ls", "/ls/", port=server.port).stdout.splitlines() == names
    assert everstore("ls", "/ls/a/", port=server.port).stdout == "/ls/a/b\n"


def test_status_shows_every_worker(server: RunningServer) -> None:
    shown = everstore("status", port=server.port).stdout
    assert f"on 127.0.0.1:{server.port}, process {server.pid}" in shown
    assert all(str(pid) in shown for pid in server.worker_pids())
    assert shown.count("serving") == 2
    assert shown.count("MiB") == 2


def test_status_as_json_has_what_a_program_needs(server: RunningServer) -> None:
    status = json.loads(everstore("status", "--json", port=server.port).stdout)
    assert {worker["pid"] for worker in status["workers"]} == set(server.worker_pids())
    assert all(worker["memory_bytes"] > 0 for worker in status["workers"])


def test_no_server_is_exit_code_3() -> None:
    refused = everstore("status", port=1)
    assert refused.returncode == 3
    assert "cannot connect" in refused.stderr


@pytest.mark.parametrize(
    "variables", [{"EVERSTORE_PASSWORD": "wrong"}, {"EVERSTORE_USER": "eve", "EVERSTORE_PASSWORD": "x"}]
)
def test_a_wrong_password_is_exit_code_3(server: RunningServer, variables: dict[str, str]) -> None:
    assert everstore("status", port=server.port, **variables).returncode == 3


def test_the_password_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("p@ss/word\n")
    with RunningServer(tmp_path / "journals", password_file=secret, user="ada") as server:
        by_file = {"EVERSTORE_PASSWORD_FILE": str(secret), "EVERSTORE_USER": "ada"}
        assert everstore("status", port=server.port, **by_file).returncode == 0
        assert (
            everstore(
                "status", "--url", f"everstore://ada@127.0.0.1:{server.port}", EVERSTORE_PASSWORD="p@ss/word"
            ).returncode
            == 0
        )
        assert everstore("status", port=server.port, EVERSTORE_PASSWORD_FILE="/nowhere").returncode == 2


def test_the_file_of_the_password_goes_first_as_it_does_for_the_server(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from-the-file\n")
    both = {"EVERSTORE_PASSWORD": "from-the-variable", "EVERSTORE_PASSWORD_FILE": str(secret)}
    with RunningServer(tmp_path / "journals", env={**os.environ, **both}) as server:
        assert everstore("status", port=server.port, **both).returncode == 0


def test_a_user_of_ones_own_goes_with_the_default_password(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", user="ada") as server:
        assert everstore("status", port=server.port, EVERSTORE_USER="ada").returncode == 0
        assert everstore("status", "--url", f"everstore://ada@127.0.0.1:{server.port}").returncode == 0
        assert everstore("status", port=server.port).returncode == 3


@pytest.mark.parametrize("url", ["everstore://[::1", "http://localhost", "everstore://localhost:x", ""])
def test_a_url_that_is_none_is_wrong_use_in_one_line(url: str) -> None:
    refused = everstore("ls", "--url", url)
    assert refused.returncode == 2
    assert refused.stderr.startswith("everstore: ")
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize(("content", "why"), [(b"\xff\n", "is not UTF-8"), (b"\n", "is empty")])
def test_a_password_file_that_holds_none_is_wrong_use(tmp_path: Path, content: bytes, why: str) -> None:
    secret = tmp_path / "password"
    secret.write_bytes(content)
    refused = everstore("ls", EVERSTORE_PASSWORD_FILE=str(secret))
    assert refused.returncode == 2
    assert why in refused.stderr
    assert refused.stderr.count("\n") == 1
