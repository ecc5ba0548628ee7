"""`everstore users passwd`: gives a user another password."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from everstore.cli.users.options import file_option, password, password_option
from everstore.errors import ConfigError
from everstore.users.file import changed
from everstore.users.hashing import hash_of


@click.command("passwd")
@click.argument("name")
@password_option
@file_option
def command(name: str, password_file: Any, file: str) -> None:
    """Change the password of the user NAME. A running server ends the connections that used the old one on SIGHUP."""
    kept = hash_of(password(password_file))
    with changed(file) as users:
        if name not in users:
            raise ConfigError(f"there is no user {name} in {file}")
        users[name] = replace(users[name], kept=kept)
