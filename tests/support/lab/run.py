"""The laboratory on one file system: record a server's work, make every state that a power cut can leave, judge each.

    python -m support.lab.run ext4 fsync 1234 5000 [BREAK]

prints, as JSON, what 5,000 states or some more came to: whole recordings, from the seed 1234 on. BREAK names a fault
put into recovery or the server on purpose (breaks.py).
"""

from __future__ import annotations

import json
import logging
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from everstore import limits
from everstore.storage import recovery
from support.lab import verdict, workload
from support.lab.breaks import BREAKS
from support.lab.device import logging_device
from support.lab.mounting import Scratch, WillNotMount, keep_mounts_to_ourselves, mounted_device
from support.lab.recording import Write, epochs
from support.lab.states import states
from support.memory import folder_in_memory

MIB = 1 << 20
SECOND_CUTS = 3
"""States of each recording whose recovery is recorded and cut off, too."""
WRONG_MAX = 20
"""As many are told; what is so wrong is looked at no further."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """`share`: of all states; the slower ones get fewer."""

    kind: str
    mkfs: tuple[str, ...]
    size: int
    share: float
    options: str = ""


FILE_SYSTEMS = {
    "ext4": FileSystem("ext4", ("mkfs.ext4", "-q", "-F", "-b", "4096"), 48 * MIB, 0.35),
    "ext4, 1 KiB blocks": FileSystem("ext4", ("mkfs.ext4", "-q", "-F", "-b", "1024"), 48 * MIB, 0.35),
    "XFS": FileSystem("xfs", ("mkfs.xfs", "-q", "-f"), 320 * MIB, 0.1, "nouuid"),
    "btrfs": FileSystem("btrfs", ("mkfs.btrfs", "-q", "-f"), 128 * MIB, 0.2),
}


@dataclass(slots=True)
class Tally:
    """What came of the states: how many, what was wrong, how many would not mount, and which kinds were seen."""

    states: int = 0
    second_cuts: int = 0
    unmountable: int = 0
    wrong: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


def run(system: FileSystem, durability: str, seed: int, count: int) -> Tally:
    """Whole recordings, until there were `count` states."""
    tally = Tally()
    while tally.states < count and not tally.wrong:
        with folder_in_memory() as work:
            _recording(Laboratory(system, durability == "fsync", random.Random(seed), work), tally, f"seed {seed}")
        seed += 1
    return tally


@dataclass(frozen=True, slots=True)
class Laboratory:
    """One recording: where it works, and the source of its choices."""

    system: FileSystem
    durable: bool
    rng: random.Random
    work: Path

    @property
    def durability(self) -> str:
        return "fsync" if self.durable else "os"


def _recording(lab: Laboratory, tally: Tally, label: str) -> None:
    image, log = lab.work / "image", lab.work / "log"
    with open(image, "wb") as file:
        file.truncate(lab.system.size)
    subprocess.run([*lab.system.mkfs, str(image)], check=True, stdout=subprocess.DEVNULL)
    with _recorded(lab, image, log) as journals:
        done = workload.run(journals, log, lab.durability, lab.rng)
    found = epochs(log)
    second = set(lab.rng.sample(range(len(found)), SECOND_CUTS))
    scratch = Scratch(image, lab.work)
    try:
        for number, epoch in enumerate(found):
            required = epoch.end if lab.durable else 0
            for state in states(epoch.writes, lab.rng):
                if len(tally.wrong) >= WRONG_MAX:
                    return
                _judge(lab, scratch, state, done, required, tally, f"{label}, epoch {number}")
                if number in second:
                    second.remove(number)
                    _cut_recovery(lab, scratch, state, done, required, tally, f"{label}, recovery in epoch {number}")
            scratch.apply(epoch.writes)
    finally:
        scratch.close()


def _judge(
    lab: Laboratory,
    scratch: Scratch,
    state: tuple[Write, ...],
    done: workload.Done,
    required: int,
    tally: Tally,
    label: str,
) -> None:
    tally.states += 1
    try:
        with scratch.mounted(state, lab.system.kind, lab.system.options) as mounted:
            directory = mounted / "journals"
            tally.kinds.update(verdict.kinds(directory))
            found = verdict.after_recovery(directory, lab.durable)
            wrong = verdict.wrongs(directory, dict(found), done, required)
            if not wrong and tally.states % 10 == 0 and verdict.after_recovery(directory, lab.durable) != found:
                wrong.append("a second recovery changed something")
            tally.wrong += [f"{label}: {each}" for each in wrong]
    except WillNotMount:
        tally.unmountable += 1


def _cut_recovery(
    lab: Laboratory,
    scratch: Scratch,
    state: tuple[Write, ...],
    done: workload.Done,
    required: int,
    tally: Tally,
    label: str,
) -> None:
    """The power fails again while the first cut is being repaired, at every moment of that."""
    work = Path(tempfile.mkdtemp(dir=lab.work))
    image, log = work / "image", work / "log"
    scratch.save(state, image)
    below = Laboratory(lab.system, lab.durable, lab.rng, work)
    try:
        with _recorded(below, image, log) as journals:
            verdict.after_recovery(journals, lab.durable)
    except WillNotMount:
        return
    again = Scratch(image, work)
    try:
        for epoch in epochs(log):
            for cut in states(epoch.writes, lab.rng):
                tally.second_cuts += 1
                _judge(below, again, cut, done, required, tally, label)
            again.apply(epoch.writes)
    finally:
        again.close()


@contextmanager
def _recorded(lab: Laboratory, image: Path, log: Path) -> Iterator[Path]:
    """The journal directory on a copy of the image, mounted on a device that writes the log."""
    served = lab.work / "served"
    subprocess.run(["cp", "--sparse=always", str(image), str(served)], check=True)
    (lab.work / "device").mkdir()
    with (
        logging_device(served, log, lab.work / "device") as device,
        mounted_device(device, lab.work / "recorded", lab.system.kind, lab.system.options) as mounted,
    ):
        (mounted / "journals").mkdir(exist_ok=True)
        yield mounted / "journals"


def main(name: str, durability: str, seed: str, count: str, broken: str = "") -> None:
    keep_mounts_to_ourselves()
    limits.COMMIT_LOG_BYTES = workload.LOG_BYTES
    # A power cut is the end of one start of the machine, and recovery belongs to the next.
    recovery.boot_id = lambda: b"the next start"  # type: ignore[assignment]
    logging.getLogger("everstore").setLevel(logging.CRITICAL + 1)
    if broken:
        BREAKS[broken]()
    tally = run(FILE_SYSTEMS[name], durability, int(seed), int(count))
    json.dump(
        {
            "states": tally.states,
            "second_cuts": tally.second_cuts,
            "unmountable": tally.unmountable,
            "wrong": tally.wrong[:WRONG_MAX],
            "kinds": dict(tally.kinds),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
