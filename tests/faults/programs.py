"""What works on a directory of journals: a server, and the commands for when there is none."""

from __future__ import annotations

import os
from collections.abc import Callable

import click
from click.testing import CliRunner, Result
from faults.calls import Fault
from faults.states import Place
from faults.workload import LEAVES, rest_a_while, serve, start

from everstore.cli import repair as repairing
from everstore.cli import verify as verifying
from everstore.errors import ConfigError, DirectoryInUse
from everstore.storage.directory import claim
from everstore.storage.survey import refuse_if_in_use

FILLS = frozenset({"disk.os.pwrite", "disk.os.posix_fallocate", "disk.os.mkdir"})
FILES_IN_USE = 4
"""Of a store that has rested: the directory, its lock, the log; and the directory once more where it was not ours."""


def server(place: Place, seed: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    store = start(place.directory)
    struck_before = place.calls.fired
    try:
        serve(store, place.clients, seed)
    except LEAVES:
        if place.calls.fired > struck_before == 0 and _is_a_full_disk(place.calls.fault):
            place.clients.wrong.append("it died of a full disk, which is to be answered")
        raise
    rest_a_while(store)
    left = len(os.listdir("/proc/self/fd")) - before
    if left > FILES_IN_USE:
        place.clients.wrong.append(f"{left} files are open in a store that rests")
    if place.ends_in_order:
        store.store.close()


def _is_a_full_disk(fault: Fault | None) -> bool:
    """True for one that has room again at the next call: so what was written can be taken back."""
    return fault is not None and not fault.for_ever and fault.error in ("ENOSPC", "EDQUOT") and fault.call in FILLS


def repair(place: Place, _seed: int) -> None:
    """It says that all is well only when it is."""
    if _told(repairing.command, place).exit_code == 0 and place.calls.fault is None:
        verified = _told(verifying.command, place)
        if verified.exit_code:
            place.clients.wrong.append(f"repaired, and then: {verified.output}")


def verify(place: Place, _seed: int) -> None:
    """It writes nothing, and says that it could not look rather than anything else than without a fault."""
    fault, place.calls.fault = place.calls.fault, None
    before = {path: path.read_bytes() for path in place.directory.rglob("*") if path.is_file()}
    right = _told(verifying.command, place)
    place.calls.uses.clear()
    place.calls.fault = fault
    said = _told(verifying.command, place)
    if (said.exit_code, said.output) != (right.exit_code, right.output):
        place.clients.wrong.append(f"verify said {said.output!r}, and without the fault {right.output!r}")
    if before != {path: path.read_bytes() for path in place.directory.rglob("*") if path.is_file()}:
        place.clients.wrong.append("verify has changed something")


def intruder(place: Place, _seed: int) -> None:
    """Whoever comes while a server is at work is sent away, whatever fails."""
    claim(str(place.directory), "a server")
    for come in (lambda path: claim(path, "an intruder"), refuse_if_in_use):
        try:
            come(str(place.directory))
        except (DirectoryInUse, ConfigError, OSError):
            continue
        place.clients.wrong.append("two are at work")


def _told(command: click.Command, place: Place) -> Result:
    """What a command says.

    Raises:
        OSError, EverstoreError: it could not do it, and says why.
    """
    result = CliRunner().invoke(command, [str(place.directory)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


PROGRAMS: dict[str, Callable[[Place, int], None]] = {
    "server": server,
    "repair": repair,
    "verify": verify,
    "intruder": intruder,
}
