"""What the commands of `everstore users` share: the file, the user's name, and how a password is given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from everstore.users import roll

F = TypeVar("F", bound=Callable[..., Any])


def file_option(command: F) -> F:
    """Adds `--users FILE` to a command, as `file`."""
    return click.option(
        "--users",
        "file",
        envvar="EVERSTORE_USERS",
        metavar="FILE",
        required=True,
        help="The file of users, also from EVERSTORE_USERS.",
    )(command)


def password_option(command: F) -> F:
    """Adds `--password-file FILE` to a command."""
    return click.option(
        "--password-file",
        type=click.File("rb"),
        help="A file whose first line is the password; - for standard input. Without it the password is asked for on "
        "a terminal, and read from standard input where there is none.",
    )(command)


def name_argument(command: F) -> F:
    return click.argument("name", callback=_checked(roll.name))(command)


def prefix_option(command: F) -> F:
    """Adds `--prefix`, which may be given several times, as `prefixes`."""
    return click.option(
        "--prefix",
        "prefixes",
        multiple=True,
        metavar="PREFIX",
        callback=_checked(roll.prefix),
        help="A folder of journals that the user may use, such as /orders/; may be given several times. Default: all.",
    )(command)


def password(given: Any) -> bytes:
    """The password: the first line of the open file `given`, or from the terminal, asked for twice.

    Raises:
        UsageError: it may not be one. The message does not hold it.
    """
    if given is None and sys.stdin.isatty():
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        line = text.encode(errors="surrogateescape")
    else:
        line = (given or sys.stdin.buffer).readline().rstrip(b"\r\n")
    try:
        return roll.check_password(line)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _checked(check: Callable[[str], str]) -> Callable[..., Any]:
    """A callback that says what is wrong with a value, or with one of several."""

    def callback(_: click.Context, __: click.Parameter, value: Any) -> Any:
        try:
            return check(value) if isinstance(value, str) else tuple(map(check, value))
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback
