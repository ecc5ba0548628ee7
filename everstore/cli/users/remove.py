"""`everstore users remove`: takes a user out of the file."""

from __future__ import annotations

import click

from everstore.cli.users.options import file_option
from everstore.errors import ConfigError
from everstore.users.file import changed


@click.command("remove")
@click.argument("name")
@file_option
def command(name: str, file: str) -> None:
    """Remove the user NAME. A running server ends its connections on SIGHUP."""
    with changed(file) as users:
        if users.pop(name, None) is None:
            raise ConfigError(f"there is no user {name} in {file}")
