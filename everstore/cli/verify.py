"""`everstore verify`: says what is wrong with the journals of a directory, and at which byte. Reads only."""

from __future__ import annotations

import os
import sys
from itertools import islice

import click

from everstore import log
from everstore.cli.progress import progress
from everstore.storage.records import Log
from everstore.storage.survey import Found, faults_of, files, logs, noted, refuse_if_in_use

_SHOWN_MAX = 10
EXIT_DAMAGED = 1


@click.command()
@click.argument("directory", type=click.Path())
def command(directory: str) -> None:
    """Check every journal in DIRECTORY, with no server at work there.

    Nothing is written. What is wrong is said for each journal, with the position of its byte, counted from 0. The exit
    code is 1 when anything is.
    """
    refuse_if_in_use(directory)
    waiting, faulty_logs = _check_logs(logs(directory))
    found = files(directory)
    journals = [each for each in found if each.name is not None]
    for each in found:
        if each.name is None and ".log.torn-" not in each.path:
            click.echo(f"note: {log.shown(each.path)} is no journal")
    known = noted(directory)
    for name, what in known.items():
        click.echo(f"{log.shown(name)}: {what} (noted when its commit log was replayed)")
    faulty = 0
    with progress(journals, "verifying") as bar:
        for each in bar:
            faulty += each.name not in waiting and _say_faults(directory, each)
    size = sum(os.path.getsize(os.path.join(directory, each.path)) for each in journals)
    click.echo(
        f"{len(journals)} journals, {size} bytes: {faulty} damaged"
        if faulty
        else f"{len(journals)} journals, {size} bytes: sound"
    )
    sys.exit(EXIT_DAMAGED if faulty or faulty_logs or known else 0)


def _check_logs(found: dict[str, Log]) -> tuple[set[bytes], int]:
    """The journals that batches wait for, and how many logs are damaged."""
    waiting: set[bytes] = set()
    damaged = 0
    for path, each in found.items():
        names = {entry.name for batch in each.batches for entry in batch}
        if each.damage:
            damaged += 1
            click.echo(f"{path}: {each.damage}")
        if names:
            click.echo(
                f"note: {path}: {len(each.batches)} batches wait to be written onto {len(names)} journals, at the "
                "next start of the server or by everstore repair; these journals are not judged"
            )
        waiting |= names
    return waiting, damaged


def _say_faults(directory: str, found: Found) -> bool:
    """Print what is wrong with one journal; True when anything is."""
    name = log.shown(found.name or b"")
    some = list(islice(faults_of(directory, found), _SHOWN_MAX + 1))
    for fault in some[:_SHOWN_MAX]:
        click.echo(f"{name}: byte {fault.at}: {fault.what}")
    if len(some) > _SHOWN_MAX:
        click.echo(f"{name}: and more")
    return bool(some)
