"""Moments as people say them, for `--since`: 2026-11-21, 2026-11-21T09:30, 90s, 10m, 2h, 3d."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(\d+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Moment(click.ParamType[bytes]):
    """A command line value that becomes a journal's timestamp: 23 bytes, UTC."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        ago = _AGO.fullmatch(value)
        if ago:
            moment = datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _SECONDS[ago[2]])
        else:
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                self.fail(
                    f"{value!r} is no time; 2026-11-21, 2026-11-21T09:30 (UTC), 90s, 10m, 2h or 3d are", param, ctx
                )
        moment = moment.astimezone(UTC) if moment.tzinfo else moment
        return moment.strftime("%Y-%m-%dT%H:%M:%S.").encode() + b"%03d" % (moment.microsecond // 1000)
