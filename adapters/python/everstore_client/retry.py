"""Pauses between tries: longer each time, and never the same for two clients that met each other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice

from .errors import Conflict
from .limits import ASK_ATTEMPTS, CONFLICT_PAUSE_S, CONFLICT_PAUSE_S_MAX, RECONNECT_PAUSE_S, RECONNECT_PAUSE_S_MAX
from .operations import REPEATABLE

RUN_AGAIN = (Conflict, *REPEATABLE)
"""A whole transaction is run again after these: none of them can have written anything."""


def jittered(first_s: float, longest_s: float) -> Iterator[float]:
    """Endless pauses in seconds, each between none and a bound that doubles up to the longest."""
    bound = first_s
    while True:
        yield random.uniform(0, bound)
        bound = min(2 * bound, longest_s)


def conflict_pauses(attempts: int) -> Iterator[float]:
    """The pauses between so many tries: one fewer than tries.

    Raises:
        ValueError: `attempts` is not 1 or more.
    """
    if attempts < 1:
        raise ValueError(f"attempts is {attempts}, expected 1 or more")
    pauses = jittered(CONFLICT_PAUSE_S, CONFLICT_PAUSE_S_MAX)
    return (next(pauses) for _ in range(attempts - 1))


def ask_pauses() -> Iterator[float]:
    """The pauses between the tries of what only asks."""
    return islice(reconnect_pauses(), ASK_ATTEMPTS - 1)


def reconnect_pauses() -> Iterator[float]:
    return jittered(RECONNECT_PAUSE_S, RECONNECT_PAUSE_S_MAX)
