"""`everstore`: the group of commands for people. Each command is a file of its own, imported only when it is used."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

import click
from everstore_client import (
    AuthenticationFailed,
    BadUrl,
    ConnectionLost,
    EverstoreError,
    InvalidJournalName,
    Timeout,
)

from everstore import __version__
from everstore.errors import EverstoreError as OwnError

COMMANDS = ("append", "backup", "cat", "ls", "repair", "status", "users", "verify")

EXIT_REFUSED = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"everstore.cli.{cmd_name}").command
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what it was refused becomes one line and an exit code."""
        try:
            return super().invoke(ctx)
        except (EverstoreError, OwnError) as error:
            click.echo(f"everstore: {error}", err=True)
            ctx.exit(_exit_code(error))
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # The reader has left, as head does; click ends quietly.
            click.echo(f"everstore: {error.strerror or error}: {error.filename or 'input or output'}", err=True)
            ctx.exit(EXIT_REFUSED)


def _exit_code(error: Exception) -> int:
    if isinstance(error, ConnectionLost | Timeout | AuthenticationFailed):
        return EXIT_UNREACHABLE
    return EXIT_USAGE if isinstance(error, BadUrl | InvalidJournalName) else EXIT_REFUSED


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="everstore")
def main() -> None:
    """Read, write and check journals of events.

    cat, ls, append, status and backup talk to a running server; verify and repair work on a directory without one;
    users changes the file of users.

    Exit codes: 0 done, 1 refused or damaged, 2 wrong use, 3 no server, or it did not let us in.
    """


if __name__ == "__main__":
    main()
