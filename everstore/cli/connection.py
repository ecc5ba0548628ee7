"""How the commands reach a server: `--url`, and the password from where it is kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import click
from everstore_client import BadUrl, Client, Event, connect

DEFAULT_URL = "everstore://localhost:6929"

F = TypeVar("F", bound=Callable[..., Any])


def url_option(command: F) -> F:
    """Adds `--url` to a command."""
    return click.option(
        "--url",
        envvar="EVERSTORE_URL",
        default=DEFAULT_URL,
        show_default=True,
        metavar="URL",
        help="The server: everstore://user:password@host:port, also from EVERSTORE_URL. Without a password in it "
        "EVERSTORE_PASSWORD or the file in EVERSTORE_PASSWORD_FILE is used, without a user EVERSTORE_USER.",
    )(command)


def open_client(url: str) -> Client[Event]:
    """A client for the server at `url`; one connection, since a command does one thing at a time."""
    return connect(with_credentials(url, os.environ), connections=1)


def with_credentials(url: str, variables: os._Environ[str] | dict[str, str]) -> str:
    """`url` with a user and password from the environment where it has none of its own.

    Raises:
        BadUrl: the file of the password cannot be read.
    """
    parts = urlsplit(url)
    if parts.password is not None:
        return url
    password = variables.get("EVERSTORE_PASSWORD") or _from_file(variables.get("EVERSTORE_PASSWORD_FILE"))
    if not password:
        return url
    user = parts.username or quote(variables.get("EVERSTORE_USER", "admin"), safe="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def _from_file(path: str | None) -> str:
    if not path:
        return ""
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except OSError as error:
        raise BadUrl(f"EVERSTORE_PASSWORD_FILE: {path} cannot be read: {error.strerror}") from error
