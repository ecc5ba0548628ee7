"""The memory of a running family of processes, as the kernel reckons it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from everstore.bench.servers.process import family

LOOK_S = 0.05


class Peak:
    """Bytes at the highest of all looks: private to the first process, to the largest of the others (0 without any),
    and all of them together.
    """

    first = 0
    largest = 0
    all = 0


@contextmanager
def watched(pid: int) -> Iterator[Peak]:
    """Looks at the process and what it started, from a thread of its own until the block ends, and once more then."""
    peak, ended = Peak(), threading.Event()
    thread = threading.Thread(target=_watch, args=(pid, peak, ended))
    thread.start()
    try:
        yield peak
    finally:
        ended.set()
        thread.join()


def _watch(pid: int, peak: Peak, ended: threading.Event) -> None:
    is_last = False
    while not is_last:
        is_last = ended.wait(LOOK_S)
        looks = [rollup(each.pid) for each in family(pid)]
        private = [_private(look) for look in looks]
        peak.first = max([peak.first, *private[:1]])
        peak.largest = max([peak.largest, *private[1:]])
        peak.all = max(peak.all, sum(look.get("Pss", 0) for look in looks))


def rollup(pid: int) -> dict[str, int]:
    """What /proc says of a process' memory, in bytes; nothing when it is gone, or not ours to look at."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        return {name: 1024 * int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return {}


def _private(look: dict[str, int]) -> int:
    return sum(look.get(name, 0) for name in ("Private_Clean", "Private_Dirty", "Private_Hugetlb"))
