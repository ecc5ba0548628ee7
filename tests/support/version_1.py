"""A server that knows version 1 of the protocol only, as servers did before there were native requests."""

from __future__ import annotations

from pathlib import Path

from support.patched import patched
from support.server import RunningServer

_FORGET = """
from everstore.errors import Code, Refused
from everstore.supervisor import switchboard

route = switchboard.worker_for


def worker_for(frame, workers):
    if frame[0] in (34, 35, 36):
        raise Refused(Code.UNKNOWN, f"there is no request of type {frame[0]}")
    return route(frame, workers)


switchboard.worker_for = worker_for
"""


def server_of_version_1(folder: Path, **options: object) -> RunningServer:
    """In a folder of its own, which is made."""
    folder.mkdir()
    return RunningServer(folder / "journals", env=patched(folder / "patch", _FORGET), **options)
