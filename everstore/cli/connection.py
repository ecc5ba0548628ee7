"""How the commands reach a server: `--url`, and the password from where it is kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

import click
from everstore_client import BadUrl, Client, Event, connect

DEFAULT_URL = "everstore://localhost:6929"
DEFAULT_USER = "admin"
DEFAULT_PASSWORD = "passwd"

F = TypeVar("F", bound=Callable[..., Any])


def url_option(command: F) -> F:
    """Adds `--url` to a command."""
    return click.option(
        "--url",
        envvar="EVERSTORE_URL",
        default=DEFAULT_URL,
        show_default=True,
        metavar="URL",
        help="The server: everstore://user:password@host:port, or everstores:// for TLS, also from "
        "EVERSTORE_URL. Without a user in it "
        "EVERSTORE_USER is used, without a password the file in EVERSTORE_PASSWORD_FILE or EVERSTORE_PASSWORD.",
    )(command)


def open_client(url: str) -> Client[Event]:
    """A client for the server at `url`; one connection, since a command does one thing at a time."""
    return connect(with_credentials(url, os.environ), connections=1)


def with_credentials(url: str, variables: Mapping[str, str]) -> str:
    """`url` with a user and password from the environment, or the default ones, where it has none of its own.

    Raises:
        BadUrl: it is no URL, or the file of the password cannot be read.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadUrl(f"--url: {url} is no URL: {error}") from None
    if parts.password is not None or parts.scheme not in ("everstore", "everstores"):
        return url  # One of another scheme is refused where it is used, with what is wrong in it.
    user = parts.username or quote(variables.get("EVERSTORE_USER") or DEFAULT_USER, safe="")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(_password(variables), safe='')}@{host}"))


def _password(variables: Mapping[str, str]) -> str:
    """The file goes first, as it does for the server: with the same environment both have the same password."""
    path = variables.get("EVERSTORE_PASSWORD_FILE")
    return _from_file(path) if path else variables.get("EVERSTORE_PASSWORD") or DEFAULT_PASSWORD


def _from_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
    except OSError as error:
        raise BadUrl(f"EVERSTORE_PASSWORD_FILE: {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadUrl(f"EVERSTORE_PASSWORD_FILE: {path} is not UTF-8: {error.reason}") from error
    if not password:
        raise BadUrl(f"EVERSTORE_PASSWORD_FILE: the first line of {path} is empty")
    return password
