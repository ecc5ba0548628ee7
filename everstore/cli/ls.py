"""`everstore ls`: the names of journals."""

from __future__ import annotations

import click

from everstore.cli.connection import open_client, url_option


@click.command()
@click.argument("prefix", default="")
@url_option
def command(prefix: str, url: str) -> None:
    """List the journals whose names begin with PREFIX, such as /user/; all without one."""
    with open_client(url) as db:
        for name in db.journals(prefix):
            click.echo(name)
