"""`everstore users`: the group of commands that change the file of users. Each is a file of its own."""

from __future__ import annotations

import click

from everstore.cli.users import add, list, passwd, remove  # noqa: A004 - named as the commands are


@click.group()
def command() -> None:
    """Add, remove and list the users of a file, and change their passwords.

    FILE is the one that the server is given with --users. A running server reads it again on SIGHUP.
    """


for each in (add, list, passwd, remove):
    command.add_command(each.command)
