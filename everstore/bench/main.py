"""`everstore-bench`: which loads, how often, and where the results go."""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from everstore.bench.contenders import Contender, contenders
from everstore.bench.document import document
from everstore.bench.driver import Bounds, Failed
from everstore.bench.loads import LOADS
from everstore.bench.machine import file_system, machine
from everstore.bench.measuring import Load, Measured, Scale, measure
from everstore.bench.picture import picture
from everstore.bench.remarks import listed, opening, remarks
from everstore.bench.table import tables

EXIT_FAILED = 1
_WARM_S = 0.5
_QUICK = Bounds(warm_s=0.05, seconds=0.3)
_QUICK_REPEATS = 2


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.argument("loads", nargs=-1, type=click.Choice(list(LOADS)), metavar="[LOAD]...")
@click.option("--list", "only_list", is_flag=True, help="Name the loads and the contenders, and end.")
@click.option("--quick", is_flag=True, help="Small sizes and short runs: does it work? The figures say nothing.")
@click.option("--repeats", type=click.IntRange(1, 1000), default=5, show_default=True, help="Rounds.")
@click.option("--seconds", type=click.FloatRange(0.1, 3600), default=3.0, show_default=True, help="Of each timed run.")
@click.option("--only", metavar="NAMES", help="These contenders, joined by commas.")
@click.option("--at", metavar="COLUMN", default="", help='Only this column of the tables, such as "256 in flight".')
@click.option(
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False, writable=True),
    help="Where the data goes, on the disk to be measured, and is removed again.  [default: the system's for "
    "temporary files]",
)
@click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Write all values there.")
@click.option("--svg", "svg_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the picture there.")
def main(
    loads: tuple[str, ...],
    only_list: bool,
    quick: bool,
    repeats: int,
    seconds: float,
    only: str | None,
    at: str,
    directory: Path | None,
    json_file: Path | None,
    svg_file: Path | None,
) -> None:
    """Measure Everstore beside PostgreSQL, Redis and NATS JetStream.

    Without a LOAD, all of them. Servers are started on free ports of loopback with fresh directories, and stopped
    again. The tables go to standard output, what is being done to standard error.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    for file in filter(None, (json_file, svg_file)):
        _require_writable(file)
    with _own_directory(directory) as own:
        everybody = contenders(own)
        if only_list:
            click.echo(listed(everybody))
            return
        chosen = _chosen(everybody, only)
        facts = machine(own)
        notes = remarks(everybody, chosen, file_system(own), quick)
        click.echo(opening(facts, notes))
        bounds = _QUICK if quick else Bounds(_WARM_S, seconds)
        scale = Scale(own, chosen, bounds, _QUICK_REPEATS if quick else repeats, quick, at)
        measured: list[Measured] = []
        for name in dict.fromkeys(loads or LOADS):
            with _own_directory(own) as place:
                measured.append(_measured(LOADS[name], scale._replace(directory=place)))
                # Said before the data is removed: a million files take minutes.
                click.echo("\n" + tables(measured[-1]))
                _write(json_file, document(facts, notes, measured))
                _write(svg_file, picture(measured))


def _measured(load: Load, scale: Scale) -> Measured:
    """One load. The benchmark ends with the first that fails."""
    try:
        return measure(load, scale, lambda text: click.echo(text, err=True))
    except Failed as error:
        click.echo(f"everstore-bench: {load.name}: {error}", err=True)
        sys.exit(EXIT_FAILED)


@contextmanager
def _own_directory(directory: Path | None) -> Iterator[Path]:
    """A new directory, which is removed with all that is in it."""
    own = Path(tempfile.mkdtemp(prefix="everstore-bench-", dir=directory))
    # Not all servers run as who runs this; what is theirs, they keep closed by themselves.
    own.chmod(0o711)
    try:
        yield own
    finally:
        shutil.rmtree(own)


def _chosen(everybody: Sequence[Contender], only: str | None) -> list[Contender]:
    names = [each.name for each in everybody] if only is None else only.split(",")
    unknown = sorted(set(names) - {each.name for each in everybody})
    if unknown:
        raise click.BadParameter(
            f"{', '.join(unknown)!r} is none of {', '.join(each.name for each in everybody)}", param_hint="--only"
        )
    return [each for each in everybody if each.name in names and not each.missing]


def _require_writable(file: Path) -> None:
    """Now, and not after an hour of measuring."""
    try:
        with open(file, "a"):
            pass
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be written: {error.strerror}") from None


def _write(file: Path | None, text: str) -> None:
    if file:
        file.write_text(text)
