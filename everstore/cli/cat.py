"""`everstore cat`: the events of a journal, one line each, as they come."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Unpack

import click
from everstore_client import Choosing, Client, Event, EverstoreError

from everstore.cli.connection import open_client, url_option
from everstore.cli.moments import moment

_POLL_S = 0.2


class NoSuchJournal(EverstoreError):
    """There is nothing to show."""


@click.command()
@click.argument("journal")
@click.option(
    "--since", type=moment, metavar="TIME", help="Only events from then on: 2026-11-21, 2026-11-21T09:30, 10m, 3d."
)
@click.option(
    "--type", "types", multiple=True, metavar="TYPE", help="Only events of this type; may be given several times."
)
@click.option("--last", "-n", type=click.IntRange(0), metavar="N", help="Only the last N events (of those types).")
@click.option("--timestamps", is_flag=True, help="Put the time of its commit, in UTC, in front of each event.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new events as they are committed, until interrupted.")
@url_option
def command(
    journal: str,
    since: datetime | None,
    types: tuple[str, ...],
    last: int | None,
    timestamps: bool,
    follow: bool,
    url: str,
) -> None:
    """Print the events of JOURNAL, a name such as /user/42."""
    if since and last is not None:
        raise click.UsageError("--last counts from the end, so --since cannot be given, too")
    choosing = Choosing(types=types, last=last)
    # An interrupt is how --follow is meant to end.
    with open_client(url) as db, suppress(*[KeyboardInterrupt] * follow):
        if not follow and not db.exists(journal):
            raise NoSuchJournal(f"there is no journal {journal}")
        read = partial(_followed, db) if follow else db.stream_raw
        for line in read(journal, since or 0, timestamps=timestamps, **choosing):
            sys.stdout.buffer.write(line + b"\n")
        sys.stdout.buffer.flush()


def _followed(
    db: Client[Event], journal: str, since: int | datetime, timestamps: bool, **choosing: Unpack[Choosing]
) -> Iterator[bytes]:
    """The chosen lines, and those to come, without end."""
    reader = select.poll()
    reader.register(sys.stdout.buffer, 0)
    while True:
        has_come = not isinstance(since, datetime) or since <= datetime.now(UTC)
        with db.transaction(journal) as seen:
            choosing["until"] = seen.size
        if has_come and since != seen.size:
            yield from db.stream_raw(journal, since, timestamps=timestamps, **choosing)
            since = seen.size
            choosing["last"] = None
        sys.stdout.buffer.flush()
        if reader.poll(_POLL_S * 1000):
            return  # Nobody reads any more; without a new event, writing would not tell.
