"""`everstore users list`: who there is, and what each may do."""

from __future__ import annotations

import click

from everstore.cli.users.options import file_option
from everstore.users.file import read


@click.command("list")
@file_option
def command(file: str) -> None:
    """Print the users, one a line: the name, the role, and the prefixes, separated by tabs."""
    for user in sorted(read(file).values(), key=lambda each: each.name):
        click.echo("\t".join((user.name, user.role, *user.prefixes)))
