"""How much the tests that break things are to do, from which seed, and what they have done.

    goal = figures.goal("syscall faults", every_run=2_000, campaign=20_000)
    for number in range(goal.count): …
    goal.reached(done, wrong=len(failures), detail="ext4, XFS")

Every test run does the smaller number. `scripts/campaign` does the larger one, by setting EVERSTORE_CAMPAIGN, within
EVERSTORE_CAMPAIGN_MINUTES if that is set: then `goal.time_is_up()` becomes true, and the figure says how far it came.
EVERSTORE_SEED replays a run. What was reached is printed at the end of the run, also when it was not enough.
"""

from __future__ import annotations

import math
import os
import random
import time
from dataclasses import dataclass

CAMPAIGN = bool(os.environ.get("EVERSTORE_CAMPAIGN"))
_MINUTES = float(os.environ.get("EVERSTORE_CAMPAIGN_MINUTES", "inf"))

lines: list[str] = []
"""What this run has reached, as printed."""


def seed() -> int:
    """Where a run begins: EVERSTORE_SEED, or another one each time. Print it with whatever fails."""
    given = os.environ.get("EVERSTORE_SEED")
    return int(given) if given else random.SystemRandom().getrandbits(32)


@dataclass(frozen=True, slots=True)
class Goal:
    """`count`: how many of `what` this run is to do. `started`: monotonic seconds."""

    what: str
    count: int
    started: float

    def time_is_up(self) -> bool:
        """True when a campaign has had its time."""
        return time.monotonic() - self.started > 60 * _MINUTES

    def seconds_left(self) -> float:
        """Of a campaign's time; infinite where it has no end."""
        return max(0.0, self.started + 60 * _MINUTES - time.monotonic()) if CAMPAIGN else math.inf

    def reached(self, count: int, wrong: int, detail: str = "") -> None:
        """Print how far it came. That nothing was wrong, and that it was enough, is for the test to assert."""
        short = "" if count >= self.count else f" of {self.count:,}, cut short"
        seconds = time.monotonic() - self.started
        lines.append(
            f"{self.what}: {count:,}{short}, wrong: {wrong} ({seconds:.0f} s{', ' + detail if detail else ''})"
        )

    def enough(self, count: int) -> bool:
        """True when it has done what it was to do, or a campaign's time was up."""
        return count >= self.count or (CAMPAIGN and self.time_is_up())


def goal(what: str, every_run: int, campaign: int) -> Goal:
    """How much of something this run is to do."""
    return Goal(what, campaign if CAMPAIGN else every_run, time.monotonic())


def share(what: str, part: int, whole: int, detail: str) -> None:
    """Print a figure that is a percentage, rounded down: 100 % is all of it."""
    lines.append(f"{what}: {part * 1000 // max(whole, 1) / 10:g} % ({part:,} of {whole:,}; {detail})")
