"""The connection URL: `everstore://user:password@host:port?timeout=30&connections=6`, or `everstores://` for TLS."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from .errors import BadUrl
from .limits import CONNECTIONS, CREDENTIAL_BYTES_MAX, PASSWORD, PORT, TIMEOUT_S, USER

N = TypeVar("N", int, float)

SCHEME = "everstore"
TLS_SCHEME = "everstores"
_OPTIONS = ("timeout", "connections", "ca")


class Address(NamedTuple):
    """Where the server is, and how to talk to it. `timeout_s` is in seconds, for each request. `ca`: a file of the
    certificates to trust in place of the system's, when it is not empty. `lanes`: whether to open any.
    """

    host: str = "localhost"
    port: int = PORT
    user: str = USER
    password: str = PASSWORD
    timeout_s: float = TIMEOUT_S
    connections: int = CONNECTIONS
    tls: bool = False
    ca: str = ""
    lanes: bool = True

    def __repr__(self) -> str:
        return f"Address({self})"

    def __str__(self) -> str:
        """The place without the password, fit for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{TLS_SCHEME if self.tls else SCHEME}://{self.user}@{host}:{self.port}"


def parse(url: str, connections: int | None = None, timeout: float | None = None) -> Address:
    """Read a URL. `connections` and `timeout`, where given, go before what the URL says.

    Raises:
        BadUrl: with the part that is wrong.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadUrl(f"the URL's host cannot be read: {error}") from None
    if parts.scheme not in (SCHEME, TLS_SCHEME):
        raise BadUrl(f"the URL's scheme is {parts.scheme!r}, expected everstore:// or everstores://")
    if parts.path not in ("", "/") or parts.fragment:
        raise BadUrl(f"the URL's path must be empty, not {parts.path or '#' + parts.fragment!r}")
    user, password = _credentials(parts)
    options: dict[str, str | float] = {"timeout": TIMEOUT_S, "connections": CONNECTIONS, **_options(parts)}
    given = {"timeout": timeout, "connections": connections}
    options.update({name: value for name, value in given.items() if value is not None})
    tls = parts.scheme == TLS_SCHEME
    return Address(
        parts.hostname or "localhost",
        _port(parts),
        user,
        password,
        _number("timeout", float, options["timeout"]),
        _number("connections", int, options["connections"]),
        tls,
        _ca(tls, options),
    )


def _credentials(parts: SplitResult) -> tuple[str, str]:
    """Both default to the server's own defaults, but only together: a URL that names a user names its password too."""
    if parts.username is None:
        return USER, PASSWORD
    user, password = unquote(parts.username), unquote(parts.password or "")
    for what, value in (("user", user), ("password", password)):
        if len(value.encode()) > CREDENTIAL_BYTES_MAX:
            raise BadUrl(f"the URL's {what} is over {CREDENTIAL_BYTES_MAX} bytes")
    return user, password


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise BadUrl("the URL's port is not a number from 1 to 65535")
    return port or PORT


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    for name in options:
        if name not in _OPTIONS:
            raise BadUrl(f"the URL's option {name!r} is not known; there are timeout, connections and ca")
    return options


def _ca(tls: bool, options: dict[str, str | float]) -> str:
    """Who names a CA means to be safe: without TLS that would be an illusion, and so would an empty name."""
    if "ca" in options and not (tls and options["ca"]):
        raise BadUrl("the option ca names a file, and goes with everstores:// only")
    return str(options.get("ca", ""))


def _number(name: str, kind: Callable[[str | float], N], value: str | float) -> N:
    try:
        number = kind(value)
    except ValueError:
        raise BadUrl(f"the option {name} is {value!r}, not a number") from None
    if not (number > 0 and math.isfinite(number)):
        raise BadUrl(f"the option {name} is {value!r}, expected more than 0")
    return number
