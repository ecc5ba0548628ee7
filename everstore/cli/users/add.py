"""`everstore users add`: a new user, with a role, prefixes and a password."""

from __future__ import annotations

from typing import Any

import click

from everstore import limits
from everstore.cli.users.options import file_option, name_argument, password, password_option, prefix_option
from everstore.errors import ConfigError
from everstore.users.file import changed
from everstore.users.hashing import hash_of
from everstore.users.roll import READ_ONLY, READ_WRITE, User


@click.command("add")
@name_argument
@click.option("--read-only", is_flag=True, help="The user may read and not commit.")
@prefix_option
@password_option
@file_option
def command(name: str, read_only: bool, prefixes: tuple[str, ...], password_file: Any, file: str) -> None:
    """Add the user NAME to the file, which is made if it is missing."""
    if len(prefixes) > limits.USER_PREFIXES_MAX:
        raise click.UsageError(f"a user has at most {limits.USER_PREFIXES_MAX} prefixes")
    kept = hash_of(password(password_file))
    with changed(file) as users:
        if name in users:
            raise ConfigError(f"there is a user {name} in {file} already")
        users[name] = User(name, READ_ONLY if read_only else READ_WRITE, prefixes, kept)
