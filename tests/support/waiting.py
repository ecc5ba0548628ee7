"""The one place that waits for something to become true: asked again and again, up to a deadline, never slept for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PAUSE_S = 0.02


def until(claim: Callable[[], T], what: str, seconds: float = 20.0) -> T:
    """The first true value of `claim`; a failure that says `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (value := claim()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(PAUSE_S)
    return value
