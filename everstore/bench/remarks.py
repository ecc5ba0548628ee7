"""What is said before the figures: what there is to measure, on which machine, and what a reader must know."""

from __future__ import annotations

import os
from collections.abc import Sequence

from everstore.bench.contenders import Contender
from everstore.bench.loads import LOADS
from everstore.bench.machine import MEMORY_FILE_SYSTEMS
from everstore.bench.table import aligned


def listed(everybody: Sequence[Contender]) -> str:
    """All loads and contenders, a line each."""
    loads = "\n".join(f"{name:12}{load.title}" for name, load in LOADS.items())
    peers = "\n".join(f"{each.name:12}{each.title}{_missing(each)}" for each in everybody)
    return f"loads\n{loads}\n\ncontenders\n{peers}"


def opening(facts: dict[str, str], notes: Sequence[str]) -> str:
    """The machine and the remarks, as they stand above the tables."""
    return aligned([("machine", ""), *facts.items()]) + "\n\n" + "\n".join(f"- {note}" for note in notes)


def remarks(everybody: Sequence[Contender], chosen: Sequence[Contender], file_system: str, quick: bool) -> list[str]:
    """How each contender is used, who is left out, and how clients and servers share the machine."""
    notes = [f"{each.title}: {each.note}" for each in chosen]
    notes += [f"{each.title} is left out{_reason(each)}" for each in everybody if each.missing]
    notes.append(
        f"The client of each is one process, on the same {os.cpu_count()} processors as the server it talks to, pinned "
        "to none; only one contender works at a time. All but the adapter share the client's loop, and none waits for "
        "a client library."
    )
    if file_system in MEMORY_FILE_SYSTEMS:
        notes.append("The data is in memory, where a sync costs nothing: give --directory on a disk.")
    if quick:
        notes.append("Run with --quick: these figures say nothing.")
    return notes


def _missing(contender: Contender) -> str:
    return f" (left out{_reason(contender)})" if contender.missing else ""


def _reason(contender: Contender) -> str:
    return f": the package {contender.missing} is not installed"
