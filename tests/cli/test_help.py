from __future__ import annotations

import pytest
from support.command import everstore

from everstore.cli.main import COMMANDS

OPTIONS = {
    "append": ["--each", "--new", "--raw", "--url"],
    "backup": ["--whole", "--url"],
    "cat": ["--since", "--type", "--last", "--timestamps", "--follow", "--url"],
    "ls": ["--url"],
    "repair": ["--dry-run"],
    "status": ["--json", "--url"],
    "users": ["add", "list", "passwd", "remove"],
    "verify": [],
}


def test_the_group_lists_its_commands() -> None:
    shown = everstore("--help").stdout
    assert all(f"\n  {command} " in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str) -> None:
    shown = everstore(command, "--help").stdout
    assert f"Usage: python -m everstore.cli.main {command}" in shown
    assert all(option in shown for option in OPTIONS[command])


def test_an_unknown_command_is_wrong_use() -> None:
    assert everstore("delete").returncode == 2
