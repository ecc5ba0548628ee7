"""Which connection serves the next request: the pool's one decision, for both kinds of pools."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import Protocol, TypeVar


class Poolable(Protocol):
    @property
    def waiting(self) -> int:
        """How many requests wait for their answer on it."""
        ...

    @property
    def is_native(self) -> bool:
        """Whether appends on it travel together."""
        ...


P = TypeVar("P", bound=Poolable)


class Choice(enum.Enum):
    OPEN = "open one more"
    WAIT = "wait for one that is being opened"


def choose(live: Sequence[P], opening: int, most: int, together: bool = False) -> P | Choice:
    """An idle one; else a new one while there may be more; else the least busy.

    `together`: for an append, which goes where the others go, since many in one request cost little more than one.
    """
    if together and live and live[0].is_native:
        return live[0]
    least_busy = min(live, key=lambda each: each.waiting, default=None)
    if least_busy is not None and least_busy.waiting == 0:
        return least_busy
    if len(live) + opening < most:
        return Choice.OPEN
    return Choice.WAIT if least_busy is None else least_busy
