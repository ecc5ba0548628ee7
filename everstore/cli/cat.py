"""`everstore cat`: the events of a journal, one line each, as they come."""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import suppress

import click
from everstore_client import Client, Event, EverstoreError

from everstore.cli.connection import open_client, url_option
from everstore.cli.moments import moment

_PREFIX_BYTES = 24
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
@click.option("--timestamps", is_flag=True, help="Put the time of its commit, in UTC, in front of each event.")
@click.option("--follow", "-f", is_flag=True, help="Go on with new events as they are committed, until interrupted.")
@url_option
def command(
    journal: str, since: bytes | None, types: tuple[str, ...], timestamps: bool, follow: bool, url: str
) -> None:
    """Print the events of JOURNAL, a name such as /user/42."""
    wanted = {each.encode() for each in types}
    # An interrupt is how --follow is meant to end.
    with open_client(url) as db, suppress(*[KeyboardInterrupt] * follow):
        if not follow and not db.exists(journal):
            raise NoSuchJournal(f"there is no journal {journal}")
        for line in _lines(db, journal, follow):
            if since and line[: _PREFIX_BYTES - 1] < since:
                continue
            event = line[_PREFIX_BYTES:]
            if not wanted or event.partition(b" ")[0] in wanted:
                sys.stdout.buffer.write((line if timestamps else event) + b"\n")
        sys.stdout.buffer.flush()


def _lines(db: Client[Event], journal: str, follow: bool) -> Iterator[bytes]:
    """All lines with their timestamps; with `follow` also those to come, without end."""
    position = 0
    reader = select.poll()
    reader.register(sys.stdout.buffer, 0)
    while True:
        for line in db.stream_raw(journal, position, timestamps=True):
            position += len(line) + 1  # each stands in the journal with one byte behind it, so this is its size
            yield line
        if not follow:
            return
        sys.stdout.buffer.flush()
        if reader.poll(_POLL_S * 1000):
            return  # Nobody reads any more; without a new event, writing would not tell.
