"""One fault: a process lives with it, dies of it or does not; then the fault is lifted, and what the real recovery
makes of it is held against what clients were told. After that the power fails, too.
"""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from faults.backups import Backup
from faults.calls import Calls, Fault
from faults.clients import Clients
from faults.durable import Durable
from faults.programs import PROGRAMS, repair
from faults.states import STATES, Place
from faults.workload import LEAVES, NAMES, start
from support.embedded import Embedded
from support.memory import folder_in_memory

from everstore import limits, log
from everstore.storage.survey import noted

HANGS_S = 20
BACKUP = "backup"
ENDS = ("in order", "killed", "power cut")
"""How a server ends that its faults have not ended: told to stop, killed, or with its machine."""


class Hangs(BaseException):
    """A process that does not come to an end."""


@dataclass(frozen=True, slots=True)
class Case:
    """One of `PROGRAMS` on a directory in one of `STATES` lives with the first of the faults, or dies of it; then it
    runs again with the second. `seed` is the workload's; `end` one of `ENDS`.
    """

    program: str
    state: str
    seed: int
    faults: tuple[Fault, ...] = ()
    end: str = "in order"


@dataclass(slots=True)
class Found:
    """What came of a case. `uses`: of each call before the restart."""

    case: Case
    fired: int = 0
    died: bool = False
    wrong: list[str] = field(default_factory=list)
    uses: Counter[str] = field(default_factory=Counter)


def run(case: Case) -> Found:
    with small_world(), folder_in_memory() as folder, _in_time():
        found = Found(case)
        try:
            (_back_up if case.program == BACKUP else _sweep)(found, folder)
        except Hangs:
            found.wrong.append("it hangs")
        except Exception as bug:  # noqa: BLE001 - any is a finding, to be shown with its fault
            found.wrong.append(f"a bug: {type(bug).__name__}: {bug} at {_place(bug)}")
        return found


def _back_up(found: Found, directory: Path) -> None:
    backup = Backup(directory, found.wrong)
    backup.run(*found.case.faults)
    found.fired, found.uses = backup.calls.fired, backup.calls.uses


def _sweep(found: Found, directory: Path) -> None:
    _Sweep(found, directory).run()


class _Sweep:
    def __init__(self, found: Found, directory: Path) -> None:
        self.found = found
        self._case = found.case
        self._directory = directory
        self._clients = Clients()
        self._calls = Calls(Durable())
        self._place = Place(directory, self._clients, self._calls, self._case.end == "in order")
        STATES[self._case.state](self._place)

    def run(self) -> None:
        self.found.died = self._live(self._case.faults[0] if self._case.faults else None, self._whole_life)
        self.found.uses = self._calls.uses.copy()
        for fault in self._case.faults[1:]:
            self._live(fault, self._whole_life)
        self.found.fired = self._calls.fired
        if self._case.end == "power cut":
            self._calls.durable.cut_power(self._directory)
        self._must_live("after the faults", self._look)
        before = self._files()
        self._must_live("at a second recovery", self._look)
        if before != self._files():
            self.found.wrong.append("a second recovery has changed a journal")
        self._calls.durable.cut_power(self._directory)
        self._must_live("after a power cut", self._look)
        self._must_live("at work again", self._go_on)
        if not self._clients.damaged:
            # It would take for granted that a person agrees with what is lost.
            self._must_live("after everstore repair", lambda: repair(self._place, 0))
        self.found.wrong += self._clients.wrong

    def _live(self, fault: Fault | None, life: Callable[[], None]) -> bool:
        """True when it died."""
        self._calls.uses.clear()
        self._clients.restarted()
        with self._calls.failing(fault):
            try:
                life()
            except LEAVES:
                return True
        return False

    def _must_live(self, when: str, life: Callable[[], None]) -> None:
        if self._live(None, life):
            self.found.wrong.append(f"{when} it does not start")
        self.found.wrong += [f"{when}: {each}" for each in self._clients.wrongs_of(self._directory)]

    def _whole_life(self) -> None:
        PROGRAMS[self._case.program](self._place, self._case.seed)

    def _look(self) -> None:
        """Recover, and use every journal, so that those in doubt are repaired. Then the process is killed."""
        store = start(self._directory)
        self._all_open(store)
        self._clients.append_again(store)

    def _go_on(self) -> None:
        store = start(self._directory)
        self._all_open(store)
        refused = dict(self._clients.refused)
        left_alone = noted(str(self._directory))
        self._clients.append(store, *[name for name in NAMES if name not in left_alone])
        if refused != self._clients.refused:
            self.found.wrong.append(f"without any fault there are errors: {self._clients.refused}, before {refused}")

    def _all_open(self, store: Embedded) -> None:
        refused = dict(self._clients.refused)
        self._clients.open(store, *NAMES)
        if refused != self._clients.refused:
            self.found.wrong.append(f"without any fault journals do not open: {self._clients.refused}")

    def _files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self._directory.rglob("*.log")}


@contextmanager
def small_world() -> Iterator[None]:
    """A small log and few open files, so that a short life fills both; and nothing is logged."""
    before = limits.COMMIT_LOG_BYTES, limits.OPEN_FILES_MAX, log._logger.disabled  # noqa: SLF001
    limits.COMMIT_LOG_BYTES, limits.OPEN_FILES_MAX, log._logger.disabled = 8192, 2, True  # noqa: SLF001
    try:
        yield
    finally:
        limits.COMMIT_LOG_BYTES, limits.OPEN_FILES_MAX, log._logger.disabled = before  # noqa: SLF001


@contextmanager
def _in_time() -> Iterator[None]:
    def stop(*_: object) -> NoReturn:
        raise Hangs

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(HANGS_S)
    try:
        yield
    finally:
        signal.alarm(0)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "nowhere"
