from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from everstore.cli.main import COMMANDS
from everstore.config.settings import SETTINGS, Setting

ROOT = Path(__file__).parents[2]
DOCUMENTED_SETTINGS = (ROOT / "docs/settings.md").read_text()
DOCUMENTED_COMMANDS = (ROOT / "docs/commands.md").read_text()


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting) -> None:
    assert f"| `{setting.name}` | `{setting.variable}` |" in DOCUMENTED_SETTINGS
    assert f"| `{setting.original}`" in DOCUMENTED_SETTINGS or not setting.original


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"\n## everstore {command}" in DOCUMENTED_COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command: str) -> None:
    section = DOCUMENTED_COMMANDS.partition(f"\n## everstore {command}")[2].partition("\n## ")[0]
    found = import_module(f"everstore.cli.{command}").command
    params = [param for each in (found, *getattr(found, "commands", {}).values()) for param in each.params]
    options = {option for param in params for option in param.opts if option.startswith("--")} - {"--url"}
    assert [option for option in options if f"`{option}" not in section] == []


def test_no_limit_stands_without_its_reason() -> None:
    lines = (ROOT / "everstore/limits.py").read_text().splitlines()
    assert [line for line in lines if " = " in line.partition("#")[0] and "  # " not in line] == []
