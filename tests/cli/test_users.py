from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from support.command import command, environment, everstore
from support.server import RunningServer
from support.waiting import until

from everstore.users.file import read

pytestmark = pytest.mark.slow

SECRET = "corr3ct-horse"


def test_users_are_added_listed_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    file = {"EVERSTORE_USERS": str(path)}
    assert everstore("users", "add", "ada", stdin=SECRET + "\n", **file).returncode == 0
    options = ("--read-only", "--prefix", "/orders/", "--prefix", "/ö/")
    assert everstore("users", "add", "bob", *options, stdin="other\r\n", **file).returncode == 0
    assert everstore("users", "list", **file).stdout == "ada\tread-write\nbob\tread-only\t/orders/\t/ö/\n"
    assert SECRET not in path.read_text()
    assert everstore("users", "remove", "ada", **file).returncode == 0
    users = read(str(path))
    assert list(users) == ["bob"]
    assert users["bob"].kept.matches(b"other")


def test_a_password_comes_from_a_file_or_standard_input(tmp_path: Path) -> None:
    path, secret = tmp_path / "users.json", tmp_path / "secret"
    secret.write_text(SECRET + "\nnot this line\n")
    for name, source, stdin in [("ada", secret, ""), ("bob", "-", SECRET)]:
        added = everstore("users", "add", name, "--users", path, "--password-file", source, stdin=stdin)
        assert (added.returncode, added.stderr) == (0, "")
        assert read(str(path))[name].kept.matches(SECRET.encode())
    changed = everstore("users", "passwd", "ada", "--users", path, stdin="new\n")
    assert (changed.returncode, changed.stdout, changed.stderr) == (0, "", "")
    assert read(str(path))["ada"].kept.matches(b"new")


def test_on_a_terminal_the_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("users", "add", "ada", "--users", path),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(1),
        start_new_session=True,
    )
    os.close(theirs)
    shown = b""
    for question in (b"Password: ", b"Repeat for confirmation: "):
        while not shown.endswith(question):
            shown += os.read(ours, 1)
        os.write(ours, SECRET.encode() + b"\n")
    assert process.wait(30) == 0
    os.close(ours)
    assert SECRET.encode() not in shown
    assert read(str(path))["ada"].kept.matches(SECRET.encode())


def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    everstore("users", "add", "ada", "--users", path, stdin=SECRET)
    before = path.read_bytes()
    for arguments, stdin, code, why in [
        (("add", "ada"), SECRET, 1, "there is a user ada in"),
        (("passwd", "bob"), SECRET, 1, "there is no user bob in"),
        (("remove", "bob"), "", 1, "there is no user bob in"),
        (("add", "bob"), "", 2, "a password has 1 to 32 bytes, not 0"),
        (("add", "bob"), "x" * 33, 2, "a password has 1 to 32 bytes, not 33"),
        (("add", "b" * 33), SECRET, 2, "1 to 32 bytes"),
        (("add", "bob", "--prefix", "/orders"), SECRET, 2, "begins and ends with /"),
        (("add", "bob", *["--prefix", "/a/"] * 65), SECRET, 2, "at most 64 prefixes"),
        (("add", "bob", "--password-file", tmp_path / "none"), "", 2, "No such file"),
    ]:
        refused = everstore("users", *arguments, "--users", path, stdin=stdin)
        assert (refused.returncode, why in refused.stderr) == (code, True), refused.stderr
        assert "Traceback" not in refused.stderr
        assert SECRET not in refused.stdout + refused.stderr
    assert path.read_bytes() == before
    path.write_text("{")
    assert "is no file of users" in everstore("users", "list", "--users", path).stderr
    assert everstore("users", "list").returncode == 2, "no file was named"


def test_a_user_that_was_added_logs_in(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    everstore("users", "add", "shop", "--users", path, "--prefix", "/orders/", stdin=SECRET)
    with RunningServer(tmp_path / "journals", users=path) as server:
        shop = {"EVERSTORE_USER": "shop", "EVERSTORE_PASSWORD": SECRET}
        assert everstore("append", "/orders/1", stdin="a 1\n", port=server.port, **shop).returncode == 0
        assert everstore("ls", port=server.port, **shop).stdout == "/orders/1\n"
        refused = everstore("append", "/x", stdin="a 1\n", port=server.port, **shop)
        assert (refused.returncode, "may not touch" in refused.stderr) == (1, True)
        everstore("users", "remove", "shop", "--users", path)
        server.process.send_signal(1)
        until(lambda: "0 users read" in server.log(), "it is read again")
        assert everstore("ls", port=server.port, **shop).returncode == 3
        assert SECRET not in server.log()
