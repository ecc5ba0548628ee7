"""`everstore repair`: makes the journals of a directory sound, as far as a crash explains what is wrong with them."""

from __future__ import annotations

import sys
from contextlib import nullcontext

import click

from everstore import log
from everstore.cli.progress import progress
from everstore.storage.offline import Outcome, Repair, locked
from everstore.storage.survey import Found, faults_of, files, logs, refuse_if_in_use

EXIT_DAMAGED = 1


@click.command()
@click.argument("directory", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def command(directory: str, dry_run: bool) -> None:
    """Repair the journals in DIRECTORY, with no server at work there.

    What commit logs hold is written onto the journals; what a crash has torn is cut off and kept beside the journal, in
    NAME.log.torn-TIME. What no crash explains is left alone and said, and the exit code is 1.
    """
    log.configure("error", "text")
    refuse_if_in_use(directory)
    if dry_run:
        _say_what_would_be_replayed(directory)
    with nullcontext(Repair(directory)) if dry_run else locked(directory) as repair:
        if not dry_run:
            repair.replay()
        journals = [each for each in files(directory) if each.name is not None]
        with progress(journals, "repairing") as bar:
            outcomes = [repair.journal(each, dry_run) for each in bar]
        for outcome in outcomes:
            _say_outcome(outcome, dry_run)
        if dry_run:
            return
        repaired = sum(not each.was_sound for each in outcomes)
        for name, what in repair.noted().items():
            click.echo(f"{log.shown(name)}: {what}; what the commit log knew is kept beside it")
        damaged = {each.name for each in journals if each.name and _say_what_is_left(directory, each)}
        repair.trust_again(damaged)
    click.echo(f"{len(journals)} journals, {repaired} repaired, {len(damaged)} still damaged")
    sys.exit(EXIT_DAMAGED if damaged else 0)


def _say_what_would_be_replayed(directory: str) -> None:
    for path, each in logs(directory).items():
        if each.batches:
            click.echo(f"{path}: {len(each.batches)} batches would be written onto their journals first")


def _say_outcome(outcome: Outcome, dry: bool) -> None:
    if outcome.was_sound:
        return
    name, verdict = log.shown(outcome.found.name or b""), outcome.verdict
    cut = outcome.size - verdict.keep
    if cut:
        done = "would be cut off and kept beside it" if dry else f"were cut off and are kept in {outcome.kept}"
        click.echo(f"{name}: from byte {verdict.keep} on there was {verdict.why}: {cut} bytes {done}")
    if verdict.turn:
        done = "would become newlines" if dry else "are newlines now"
        click.echo(f"{name}: {len(verdict.turn)} end markers inside it {done}")


def _say_what_is_left(directory: str, found: Found) -> bool:
    """Print the first fault that repair could not explain; True when there is one."""
    for fault in faults_of(directory, found):
        click.echo(
            f"{log.shown(found.name or b'')}: byte {fault.at}: {fault.what}; no crash explains that, it is left alone"
        )
        return True
    return False
