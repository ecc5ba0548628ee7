"""`everstore append`: events from standard input."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

import click
import orjson
from everstore_client import Client, Event, EverstoreError, NotAcceptable

from everstore.cli.connection import open_client, url_option


class BadLine(EverstoreError):
    """A line that is no event."""


@click.command()
@click.argument("journal")
@click.option("--each", is_flag=True, help="Commit each line by itself, instead of all as one transaction.")
@click.option("--new", is_flag=True, help="Only if the journal does not exist yet.")
@click.option("--raw", is_flag=True, help="Take whatever stands behind the type, instead of JSON only.")
@url_option
def command(journal: str, each: bool, new: bool, raw: bool, url: str) -> None:
    """Append events to JOURNAL: lines of `type json` from standard input.

    All lines are one transaction: they are committed together, or nothing is written. With --each a line that is
    refused stops the command; the lines before it are committed.
    """
    lines = _checked(sys.stdin.buffer, raw)
    with open_client(url) as db:
        if each:
            _append_each(db, journal, lines, new)
            return
        whole = list(lines)
        if whole:
            db.append_raw(journal, *whole, must_be_new=new)
        click.echo(f"{len(whole)} events committed to {journal}", err=True)


def _append_each(db: Client[Event], journal: str, lines: Iterator[str], new: bool) -> None:
    committed = 0
    try:
        for line in lines:
            db.append_raw(journal, line, must_be_new=new and not committed)
            committed += 1
    finally:
        click.echo(f"{committed} events committed to {journal}", err=True)


def _checked(lines: Iterable[bytes], raw: bool) -> Iterator[str]:
    """Each line without its end; empty ones are passed over.

    Raises:
        BadLine: a line is not UTF-8, not `type json`, or its JSON is none.
    """
    for number, line in enumerate(lines, 1):
        stripped = line.rstrip(b"\r\n")
        if stripped:
            yield _event(number, stripped, raw)


def _event(number: int, line: bytes, raw: bool) -> str:
    try:
        text = line.decode()
        type_, space, data = text.partition(" ")
        if not space or not type_ or not data:
            raise BadLine(f"line {number} is not a type, a space and JSON: {text[:60]!r}")
        if not raw:
            orjson.loads(data)
        return Event.from_json(type_, data).line
    except UnicodeDecodeError as error:
        raise BadLine(f"line {number} is not UTF-8: byte {error.start} of it is not") from error
    except orjson.JSONDecodeError as error:
        raise BadLine(f"line {number}: what stands behind the type is not JSON: {error}") from error
    except NotAcceptable as error:
        raise BadLine(f"line {number}: {error}") from error
