"""`everstore verify`: says what is wrong with the journals of a directory, and at which byte. Reads only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice

import click

from everstore import log
from everstore.cli.progress import progress
from everstore.storage.records import Log
from everstore.storage.survey import (
    Found,
    faults_of,
    files,
    lines_of,
    logs,
    noted,
    refuse_if_in_use,
    size_of,
    waiting,
)

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
    commit_logs, found = logs(directory), files(directory)
    journals = [each for each in found if each.name is not None]
    for note in _notes(commit_logs, found):
        click.echo(f"note: {note}")
    faulty_logs = [f"{path}: {each.damage}" for path, each in commit_logs.items() if each.damage]
    wrong = _wrong_with(directory, journals, waiting(commit_logs))
    for line in (*faulty_logs, *(line for lines in wrong.values() for line in lines)):
        click.echo(line)
    click.echo(_summary(directory, journals, len(wrong), len(faulty_logs)))
    sys.exit(EXIT_DAMAGED if wrong or faulty_logs else 0)


def _notes(commit_logs: dict[str, Log], found: list[Found]) -> Iterator[str]:
    """What is worth saying and no damage."""
    for path, each in commit_logs.items():
        if each.batches:
            yield (
                f"{path}: {len(each.batches)} batches wait to be written onto {len(waiting({path: each}))} journals, "
                "at the next start of the server or by everstore repair; these journals are not judged"
            )
    for file in found:
        if file.name is None and ".log.torn-" not in file.path:
            yield f"{log.shown(file.path)} is no journal"


def _wrong_with(directory: str, journals: list[Found], unjudged: set[bytes]) -> dict[bytes, list[str]]:
    """The journals with which something is wrong, and the lines that say what."""
    wrong = {name: [f"{log.shown(name)}: {what}"] for name, what in noted(directory).items() if name not in unjudged}
    with progress("verifying", sum(size_of(directory, each) for each in journals)) as passed:
        for each in journals:
            assert each.name is not None
            lines = [] if each.name in unjudged else _faults(directory, each, passed)
            if lines:
                wrong.setdefault(each.name, []).extend(lines)
    return wrong


def _faults(directory: str, found: Found, passed: Callable[[int], None]) -> list[str]:
    """The first faults of a journal, a line each."""
    name = log.shown(found.name or b"")
    some = list(islice(faults_of(directory, found, passed), _SHOWN_MAX + 1))
    lines = [f"{name}: byte {fault.at}: {fault.what}" for fault in some[:_SHOWN_MAX]]
    return lines + [f"{name}: and more"] * (len(some) > _SHOWN_MAX)


def _summary(directory: str, journals: list[Found], wrong: int, faulty_logs: int) -> str:
    events = sum(lines_of(directory, each) for each in journals)
    size = sum(size_of(directory, each) for each in journals)
    verdict = f"{wrong} journals and {faulty_logs} commit logs damaged" if wrong or faulty_logs else "sound"
    return f"{len(journals)} journals, {events} events, {size} bytes: {verdict}"
