"""`everstore backup`: copies all journals of a running server, or what is new in them since the last time.

Only what is durable can be copied: a server answers with a journal's size, and with its text up to there, once both
are. A transaction is part of one journal, so a copy of each that ends at any such size is consistent.
"""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

import click
from everstore_client import CannotRead, Client, ConnectionLost, Event, EverstoreError
from everstore_client.blocking.pipeline import Pipeline, Result
from everstore_client.operations import REPEATABLE, Steps, locate, read_range

from everstore import limits, log
from everstore.cli.connection import open_client, url_option
from everstore.storage.copies import Added, Copies, Copy, Differs

_SHOWN_MAX = 10
EXIT_DAMAGED = 1


@dataclass(slots=True)
class _Run:
    """What a backup has come to. `wrong` says what is wrong with a journal, by its name."""

    copies: Copies
    whole: bool
    old: set[bytes]
    seen: set[bytes] = field(default_factory=set)
    changed: set[bytes] = field(default_factory=set)
    added: Added = field(default_factory=Added)
    wrong: dict[bytes, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A journal whose new lines are under way: None will come when there are too many for one piece."""

    name: bytes
    copy: Copy
    since: int
    text: Result[bytes | None]


@click.command()
@click.argument("directory", type=click.Path())
@click.option(
    "--whole", is_flag=True, help="Compare every byte that is there already, not just each journal's last line."
)
@url_option
def command(directory: str, whole: bool, url: str) -> None:
    """Copy all journals of a running server into DIRECTORY; again, only what is new.

    Every commit that was acknowledged before the backup began is in it, and nothing that was not durable. To restore,
    copy DIRECTORY to where a server shall have its journals, and start it. The exit code is 1 when a journal could
    not be read, is no longer what it was, or is damaged.
    """
    started = time.monotonic()
    copies = Copies(directory)
    run = _Run(copies, whole, copies.names())
    with open_client(url) as db:
        _copy_all(run, db)
    copies.finish()
    _verify(run)
    for name, what in sorted(run.wrong.items()):
        click.echo(f"{log.shown(name)}: {what}")
    for line in _notes(run):
        click.echo(f"note: {line}")
    click.echo(_summary(run, time.monotonic() - started))
    sys.exit(EXIT_DAMAGED if run.wrong else 0)


def _copy_all(run: _Run, db: Client[Event]) -> None:
    """Many journals at once, and once more those of a worker that died meanwhile, each by itself."""
    again: list[bytes] = []
    asked: deque[_Asked] = deque()
    names = db.journals()
    with db.pipeline(limits.BACKUP_REQUESTS) as pipeline:
        for name in names:
            run.seen.add(name.encode())
            asked.append(_ask(run, pipeline, name))
            if len(asked) >= limits.BACKUP_REQUESTS:
                _take(run, db, asked.popleft(), again)
        while asked:
            _take(run, db, asked.popleft(), again)
    for each in again:
        _take_alone(run, db, each, *_looked_at(run, each))


def _ask(run: _Run, pipeline: Pipeline[Event], name: str) -> _Asked:
    copy, since = _looked_at(run, name.encode())
    return _Asked(name.encode(), copy, since, pipeline.perform(name, _new_text(name, since)))


def _looked_at(run: _Run, name: bytes) -> tuple[Copy, int]:
    """What there is of a journal, and from where on it is asked for: the last line shows whether it is still the
    same.
    """
    copy = run.copies.look(name) if name in run.old else Copy()
    return copy, 0 if run.whole else copy.last_line


def _new_text(journal: str, since: int) -> Steps[bytes | None]:
    """The journal's text from `since` on, or None when that is too much to be held for many journals at once."""
    opened = yield from locate(journal)
    if opened.size - since > limits.BACKUP_PIECE_BYTES:
        return None
    return b"" if opened.size < since else (yield from read_range(journal, opened, since, timestamps=True))


def _take(run: _Run, db: Client[Event], asked: _Asked, again: list[bytes]) -> None:
    try:
        text = asked.text.result()
    except REPEATABLE:
        again.append(asked.name)
    except EverstoreError:
        # Also a read from within a line, which a journal does not have where its copy begins one.
        _take_alone(run, db, asked.name, asked.copy, asked.since)
    else:
        if text is None:
            _take_alone(run, db, asked.name, asked.copy, asked.since)
        else:
            _extend(run, db, asked.name, asked.copy, asked.since, iter(text.split(b"\n") if text else ()))


def _take_alone(run: _Run, db: Client[Event], name: bytes, copy: Copy, since: int) -> None:
    _extend(run, db, name, copy, since, _lines(db, name, since))


def _lines(db: Client[Event], name: bytes, since: int) -> Iterator[bytes]:
    """Asked for only when the first is taken: what cannot be read is told where it is copied."""
    yield from db.stream_raw(name.decode(), since, timestamps=True)


def _extend(run: _Run, db: Client[Event], name: bytes, copy: Copy, since: int, lines: Iterator[bytes]) -> None:
    try:
        try:
            added = run.copies.extend(name, copy, since, lines)
        except (Differs, CannotRead) as error:
            if not copy.size:
                raise
            added, kept = run.copies.replace(name, _lines(db, name, 0))
            run.wrong[name] = f"{error}; what the backup had is kept in {kept}"
    except ConnectionLost:
        raise
    except EverstoreError as error:
        run.wrong[name] = f"could not be copied: {error}"
    else:
        run.added += added
        if added.size:
            run.changed.add(name)


def _verify(run: _Run) -> None:
    """Look at what was written; the rest was looked at before."""
    for name in run.changed:
        fault = run.copies.fault(name)
        if fault:
            run.wrong.setdefault(name, f"byte {fault.at}: {fault.what}")


def _notes(run: _Run) -> Iterator[str]:
    """The copies of journals that the server no longer has."""
    gone = sorted(run.old - run.seen)
    for name in islice(gone, _SHOWN_MAX):
        yield f"{log.shown(name)} is no longer on the server; its copy stays"
    if len(gone) > _SHOWN_MAX:
        yield f"and {len(gone) - _SHOWN_MAX} more are not"


def _summary(run: _Run, seconds: float) -> str:
    total = sum(map(run.copies.size_of, run.seen))
    verdict = f"{len(run.wrong)} journals with something wrong" if run.wrong else "sound"
    return (
        f"{len(run.seen)} journals, {total} bytes: {verdict}; new are {run.added.events} events, "
        f"{run.added.size} bytes in {len(run.changed)} journals; {seconds:.1f} s"
    )
