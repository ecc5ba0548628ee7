"""What a server may find when it starts: directories that crashes and other programs have left."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from faults.clients import Clients
from faults.workload import NAMES, start


def nothing(_directory: Path, _clients: Clients) -> None:
    """A new directory."""


def killed(directory: Path, clients: Clients) -> None:
    """A process was killed: its log is to be replayed."""
    store = start(directory)
    clients.append(store, *NAMES[:3])
    clients.append(store, *NAMES[1:])


STATES: dict[str, Callable[[Path, Clients], None]] = {"nothing": nothing, "killed": killed}
