"""Moments as people say them, for `--since`: 2026-11-21, 2026-11-21T09:30, 90s, 10m, 2h, 3d."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(value: str) -> datetime:
    """The aware time that a command line value names; UTC where it names no zone. Given to click as a type.

    Raises:
        click.BadParameter: it is no time; the message shows some that are.
    """
    try:
        return _moment(value)
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{value!r} is no time; 2026-11-21, 2026-11-21T09:30 (UTC), 90s, 10m, 2h or 3d are"
        ) from None


def _moment(value: str) -> datetime:
    ago = _AGO.fullmatch(value)
    if ago:
        return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
    given = datetime.fromisoformat(value)
    return given.astimezone(UTC) if given.tzinfo else given.replace(tzinfo=UTC)
