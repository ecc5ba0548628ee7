"""Where settings come from. Each source is a name that a person recognises and the texts that it gives, by setting.

The first of these that has a setting decides: the command line, the environment, the configuration file, the default.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from everstore.config.settings import BY_NAME, SETTINGS
from everstore.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Source:
    """`texts`: setting name → (how this source calls it, its text)."""

    name: str
    texts: dict[str, tuple[str, str]]


def command_line(options: Mapping[str, str | None]) -> Source:
    return Source("command line", {name: (f"--{name}", text) for name, text in options.items() if text is not None})


def environment(variables: Mapping[str, str]) -> Source:
    given = ((setting, variables.get(setting.variable)) for setting in SETTINGS)
    return Source(
        "environment", {setting.name: (setting.variable, text) for setting, text in given if text is not None}
    )


def file(path: str) -> Source:
    """A TOML file, or the original's settings.conf when its name ends in .conf or .properties.

    Raises:
        ConfigError: it cannot be read, is not in its format, or has a key that is no setting.
    """
    try:
        with open(path, "rb") as opened:
            data = opened.read()
    except OSError as error:
        raise ConfigError(f"--config: {path} cannot be read: {error.strerror}") from error
    try:
        text = data.decode()
        if path.endswith((".conf", ".properties")):
            return Source(path, _original(path, text))
        return Source(path, _toml(path, tomllib.loads(text)))
    except (ValueError, RecursionError) as error:  # tomllib: numbers of 4,300 digits, deep nesting
        raise ConfigError(f"--config: {path} is not TOML: {error}") from error


def _toml(path: str, table: dict[str, object]) -> dict[str, tuple[str, str]]:
    texts: dict[str, tuple[str, str]] = {}
    for key, value in table.items():
        name = key.replace("_", "-")
        if name not in BY_NAME:
            raise ConfigError(_unknown(path, key, list(BY_NAME)))
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ConfigError(f"{key} in {path} is a {type(value).__name__}; it is written as a string or a number")
        texts[name] = (key, str(value))
    return texts


def _original(path: str, text: str) -> dict[str, tuple[str, str]]:
    """The original's format: `key=value`, one a line. Lines without a = are passed over, as the original does; so are
    comments.
    """
    by_original = {setting.original: setting for setting in SETTINGS if setting.original}
    texts: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if not equals or line.lstrip().startswith("#"):
            continue
        if key not in by_original:
            raise ConfigError(_unknown(path, key, list(by_original)))
        name = by_original[key].name
        texts[name] = (key, _log_level(path, key, value) if name == "log-level" else value)
    return texts


def _log_level(path: str, key: str, value: str) -> str:
    """The original counts levels from 1 (errors) to 9 (everything)."""
    levels = dict(
        zip(
            "123456789",
            ["error", "warning", "warning", "info", "info", "debug", "debug", "debug", "debug"],
            strict=True,
        )
    )
    if value not in levels:
        raise ConfigError(f"{key} in {path} is {value!r}; it may be a number from 1 (errors only) to 9 (everything)")
    return levels[value]


def _unknown(path: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, 1)
    hint = f"; is {near[0]} meant?" if near else f"; settings are {', '.join(known)}"
    return f"{key} in {path} is not a setting{hint}"
