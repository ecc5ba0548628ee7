"""`everstore repair`: makes the journals of a directory sound, as far as a crash explains what is wrong with them."""

from __future__ import annotations

import sys

import click

from everstore import log
from everstore.cli.progress import progress
from everstore.storage.offline import Outcome, Repair, locked
from everstore.storage.survey import (
    Found,
    faults_of,
    files,
    logs,
    noted,
    refuse_if_in_use,
    size_of,
    verdict_of,
    waiting,
)

EXIT_DAMAGED = 1


@click.command()
@click.argument("directory", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def command(directory: str, dry_run: bool) -> None:
    """Repair the journals in DIRECTORY, with no server at work there.

    What commit logs hold is written onto the journals; what a crash has torn is cut off and kept beside the journal, in
    NAME.log.torn-TIME. What no crash explains is left alone and said, and the exit code is 1.

    A journal from which bytes are missing that were once acknowledged is said when that is found, with exit code 1, and
    is not written to. Run again, the command lets it be used as it is.
    """
    refuse_if_in_use(directory)
    if dry_run:
        left = _rehearse(directory)
    else:
        with locked(directory) as repair:
            left = _repair(directory, repair)
    sys.exit(EXIT_DAMAGED if left else 0)


def _repair(directory: str, repair: Repair) -> set[bytes]:
    """Do it all; returns the journals that are still damaged."""
    known = repair.noted()
    _say_logs(directory, "written")
    log.configure("warning", "text")
    repair.replay()
    log.configure("error", "text")
    lost = {name: what for name, what in repair.noted().items() if name not in known}
    journals = _journals(directory)
    outcomes = _apply_table(directory, journals, repair)
    left = {each.name for each in journals if each.name is not None and _say_what_is_left(directory, each)}
    for name, what in lost.items():
        click.echo(f"{log.shown(name)}: {what}; it is not written to until repair is run again")
    for name in known.keys() - left:
        click.echo(f"{log.shown(name)}: {known[name]}; that was known, so it is used again as it is")
    repair.finish(left | lost.keys())
    repaired = sum(not each.was_sound for each in outcomes)
    click.echo(f"{len(journals)} journals, {repaired} repaired, {len(left | lost.keys())} still damaged")
    return left | lost.keys()


def _apply_table(directory: str, journals: list[Found], repair: Repair) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with progress("repairing", sum(size_of(directory, each) for each in journals)) as passed:
        for each in journals:
            outcomes.append(repair.journal(each))
            passed(outcomes[-1].size)
    for outcome in outcomes:
        _say_outcome(outcome, f"were cut off and are kept in {outcome.kept}", "are newlines now")
    return outcomes


def _rehearse(directory: str) -> set[bytes]:
    """Say what would be done, opening nothing for writing; returns the journals that would still be damaged."""
    _say_logs(directory, "to be written")
    unjudged = waiting(logs(directory))
    left: set[bytes] = set()
    for each in _journals(directory):
        if each.name is None or each.name in unjudged:
            continue
        outcome = Outcome(each, size_of(directory, each), verdict_of(directory, each))
        _say_outcome(outcome, "would be cut off and kept beside it", "would become newlines")
        if outcome.was_sound and _say_what_is_left(directory, each):
            left.add(each.name)
    for name, what in noted(directory).items():
        if name not in left | unjudged:
            click.echo(f"{log.shown(name)}: {what}; that is known, so it would be used again as it is")
    return left


def _journals(directory: str) -> list[Found]:
    return [each for each in files(directory) if each.name is not None]


def _say_logs(directory: str, done: str) -> None:
    for path, each in logs(directory).items():
        if each.batches:
            click.echo(f"{path}: {len(each.batches)} batches {done} onto {len(waiting({path: each}))} journals")


def _say_outcome(outcome: Outcome, cut_off: str, turned: str) -> None:
    name, verdict = log.shown(outcome.found.name or b""), outcome.verdict
    cut = outcome.size - verdict.keep
    if cut:
        click.echo(f"{name}: from byte {verdict.keep} on there was {verdict.why}: {cut} bytes {cut_off}")
    if verdict.turn:
        click.echo(f"{name}: {len(verdict.turn)} end markers inside it {turned}")


def _say_what_is_left(directory: str, found: Found) -> bool:
    """Print the first fault that repair could not explain; True when there is one."""
    for fault in faults_of(directory, found):
        click.echo(
            f"{log.shown(found.name or b'')}: byte {fault.at}: {fault.what}; no crash explains that, it is left alone"
        )
        return True
    return False
