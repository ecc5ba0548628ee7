"""From sources to `Settings`: the first source that has one decides; then settings are held against each other."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any

from everstore import limits
from everstore.config import sources
from everstore.config.settings import SETTINGS, Setting, Settings
from everstore.config.sources import Source
from everstore.errors import ConfigError

PUBLISHED_PASSWORD = "passwd"
"""What the adapters published since 2015 log in with, unless told otherwise."""


def load(options: Mapping[str, str | None], variables: Mapping[str, str], config_file: str | None) -> Settings:
    """The settings of a server.

    Args:
        options: the command line's, by setting name, None where not given.
        variables: the environment.
        config_file: the file named by `--config` or `EVERSTORE_CONFIG`.

    Raises:
        ConfigError: a value is wrong, or two contradict each other. The message says which, where it came from, and
            what it may be.
    """
    in_order = [sources.command_line(options), sources.environment(variables)]
    if config_file:
        in_order.append(sources.file(config_file))
    found = {setting.name.replace("-", "_"): _value(setting, in_order) for setting in SETTINGS}
    if bool(found["tls_certificate"]) != bool(found["tls_key"]):
        raise ConfigError("--tls-certificate and --tls-key go together: one is given and the other is not")
    password_file = found.pop("password_file")
    if found["users"]:
        _require_no_other_user(in_order)
        return Settings(**found, default_password=False)
    if password_file:
        found["password"] = _read_password(password_file)
    default_password = not found["password"] or found["password"] == PUBLISHED_PASSWORD
    if default_password:
        found["password"] = PUBLISHED_PASSWORD
        _require_loopback(found["host"])
    return Settings(**found, default_password=default_password)


def _value(setting: Setting, in_order: list[Source]) -> Any:
    for source in in_order:
        if setting.name in source.texts:
            called, text = source.texts[setting.name]
            try:
                return setting.parse(text)
            except ValueError as error:
                shown = "…" if setting.secret else repr(text)
                raise ConfigError(f"{called} ({source.name}) is {shown}; it may be {error}") from None
    return setting.parse(setting.default) if setting.default else ""


def _require_no_other_user(in_order: list[Source]) -> None:
    """A password that nobody can log in with would be a surprise, and so would a user that no file names."""
    for source in in_order:
        for name in ("user", "password-file", "password"):
            if name in source.texts:
                called = source.texts[name][0]
                raise ConfigError(
                    f"{called} ({source.name}) is for a server without a file of users, and --users names one: "
                    "leave one of the two out"
                )


def _read_password(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            password = file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--password-file: {path} cannot be read: {error}") from error
    if not 1 <= len(password.encode()) <= limits.CREDENTIAL_BYTES_MAX:
        raise ConfigError(
            f"--password-file: the first line of {path} has {len(password.encode())} bytes; "
            f"a password has 1 to {limits.CREDENTIAL_BYTES_MAX}"
        )
    return password


def _require_loopback(host: str) -> None:
    if not is_loopback(host):
        raise ConfigError(
            f"--host {host} can be reached from other machines, where the password that everybody knows is none: "
            "set one with --password-file FILE or EVERSTORE_PASSWORD"
        )


def is_loopback(host: str) -> bool:
    """True when every address of `host` is one that only this machine reaches.

    Raises:
        ConfigError: the name has no address.
    """
    found = (str(address[0]).split("%")[0] for *_, address in addresses(host, 0))
    return all(ipaddress.ip_address(each).is_loopback for each in found)


def addresses(host: str, port: int) -> list[Any]:
    """What a server can bind to listen on `host` and `port`: at least one row of `socket.getaddrinfo`.

    Raises:
        ConfigError: the name has no address.
    """
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:  # The latter for what cannot be a name at all.
        raise ConfigError(f"--host {host} has no address: {getattr(error, 'strerror', None) or error}") from error
