"""What clients ask of a store, and everything that its answers promise: who was told what, held against a model."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from support.embedded import (
    Answered,
    Embedded,
    Opened,
    committed,
    committing,
    existing,
    listing,
    opened,
    opening,
    reading,
    rolling_back,
)
from support.lab.verdict import wrongs_of
from support.lab.workload import Commit
from support.model import ModelJournal
from support.native import append

from everstore.journal.names import path_of
from everstore.journal.recovery import judge
from everstore.storage import survey
from everstore.wire.layouts import Type
from everstore.wire.native import Append, Appends, Outcome, appends_body, outcomes_of

KEPT = re.compile(r"\.log$|\.(torn|damaged)-")
NEVER = 2**62
"""Nobody was told that such a commit is done: it may be there or not."""
FULL = 15
UNREADABLE = 5
UNKNOWN = 1
CLIENT = b"a client".ljust(16)
Wanted = tuple[Opened, bytes, bytes]
"""A transaction, types and events."""


class SentAppends:
    """Native appends by their sequences: in which run each was sent first, and where those end that are done."""

    def __init__(self) -> None:
        self.sent: dict[int, tuple[int, Append]] = {}
        self.done: dict[int, int] = {}
        self._last = 0

    def next(self) -> int:
        self._last += 1
        return self._last


def _commit_of(append: Append, log_end: int) -> Commit:
    return Commit(append.name, tuple(append.events.split(b"\n")), log_end)


class Clients:
    """`wrong`: what no server may do. `commits`: what may be in each journal, in order, and what must. `damaged`:
    journals that must stay as they are. `kept`: bytes of which a copy must be kept. `refused`: how many requests were
    answered with errors, by code.
    """

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.commits: dict[bytes, list[Commit]] = {}
        self.refused: dict[int, int] = {}
        self.damaged: dict[bytes, bytes] = {}
        self.kept: list[bytes] = []
        self._model: dict[bytes, ModelJournal] = {}
        self._number = 0
        self._sent = SentAppends()

    def restarted(self) -> None:
        """The server is another process now: no transaction is open, and what was unknown has been decided."""
        self._model.clear()

    # ---- requests ---------------------------------------------------------------------------------------------------

    def open(self, store: Embedded, *names: bytes) -> list[Opened]:
        """Those transactions that could be opened."""
        answers = store.ask(*map(opening, names))
        return [
            on
            for name, answer in zip(names, answers, strict=True)
            if self._may_be_refused(answer, UNREADABLE, FULL) and (on := self._opened(name, answer))
        ]

    def commit(self, store: Embedded, *wanted: Wanted) -> None:
        """All in one batch; what a full disk refuses is tried again, in the same transactions."""
        again = self._commit(store, wanted)
        if again:
            self._commit(store, again)

    def append(self, store: Embedded, *names: bytes, types: bytes = b"t") -> None:
        self.commit(store, *[(on, types, self.event()) for on in self.open(store, *names)])

    def event(self, size: int = 0) -> bytes:
        self._number += 1
        return b"t %d\nt %d again %s" % (self._number, self._number, b"x" * size)

    def append_natively(self, store: Embedded, *names: bytes) -> None:
        """In one request, which may have to come again."""
        appends = [append(name, self.event(), self._sent.next(), declares=b"n") for name in names]
        before = {name: list(self.commits.get(name, [])) for name in names}
        for each in appends:
            self._sent.sent[each.sequence] = (store.run, each)
            self.commits.setdefault(each.name, []).append(_commit_of(each, NEVER))
        outcomes = self._ask(store, store.run, appends)
        self.commits.update(before)
        self._hear(appends, outcomes)

    def append_again(self, store: Embedded) -> None:
        """Whatever was ever appended comes again: nothing of it is done twice, and what was unknown is decided."""
        for run in {run for run, _ in self._sent.sent.values()}:
            for sequence, each in [(at, each) for at, (its_run, each) in self._sent.sent.items() if its_run == run]:
                unknown = sequence not in self._sent.done
                size = self._size(store, each.name)
                (outcome,) = self._ask(store, run, [each])
                if outcome.code == UNKNOWN:
                    del self._sent.sent[sequence]
                elif not unknown:
                    done = (outcome.code, outcome.position, self._size(store, each.name))
                    expected = (0, self._sent.done[sequence], size)
                    self._expect(done == expected, f"append {sequence} again: {done}, expected {expected}")
                elif not outcome.code and outcome.position <= size:
                    self._sent.done[sequence] = outcome.position
                    places = self.commits[each.name]
                    places[places.index(_commit_of(each, NEVER))] = _commit_of(each, 0)
                else:
                    with suppress(ValueError):
                        self.commits[each.name].remove(_commit_of(each, NEVER))
                    self._hear([each], [outcome])

    def roll_back(self, store: Embedded, *on: Opened) -> None:
        for answer in store.ask(*map(rolling_back, on)):
            self._may_be_refused(answer, UNREADABLE, FULL)

    def read(self, store: Embedded, name: bytes) -> None:
        """A journal has its model's events, as long as nothing in it is unknown."""
        answer = store.ask(reading(name))[0]
        if self._may_be_refused(answer, UNREADABLE, FULL) and name in self._model:
            text = b"\n".join(events for _, events, _ in self._model[name].commits)
            if not answer.body[4:].endswith(text):
                self.wrong.append(f"{name!r} was read as {answer.body[4:64]!r}, and holds {text[:60]!r}")

    def ask_around(self, store: Embedded, *names: bytes) -> None:
        for name, answer in zip(names, store.ask(*map(existing, names)), strict=True):
            if self._may_be_refused(answer, UNREADABLE, FULL) and name in self._model:
                self._expect(answer.body == bytes([self._model[name].size > 0]), f"{name!r} exists: {answer.body!r}")
        answer = store.ask(listing())[0]
        if self._may_be_refused(answer, UNREADABLE, FULL):
            listed = set(answer.body[8:].split(b"\n"))
            due = {name for name, journal in self._model.items() if journal.size}
            self._expect(due <= listed, f"{due - listed} is not listed")
        self._may_be_refused(store.ask((Type.STATUS, b""))[0])

    def _ask(self, store: Embedded, run: int, appends: list[Append]) -> list[Outcome]:
        answer = store.ask((Type.APPEND, appends_body(Appends(CLIENT, run, 0, appends))))[0]
        assert answer.kind == Type.APPEND, answer
        return outcomes_of(answer.body)

    def _hear(self, appends: list[Append], outcomes: list[Outcome]) -> None:
        """They were not done before."""
        for each, outcome in zip(appends, outcomes, strict=True):
            if outcome.code:
                self._expect(outcome.code in (FULL, UNREADABLE), f"append {each.sequence}: {outcome}")
                self.refused[outcome.code] = self.refused.get(outcome.code, 0) + 1
                continue
            self._expect(each.name not in self.damaged, f"{each.name!r} is damaged, and was appended to")
            self._sent.done[each.sequence] = outcome.position
            self.commits.setdefault(each.name, []).append(_commit_of(each, 0))
            if each.name in self._model:
                self._model[each.name].append(frozenset({b"n"}), each.events)
                size = self._model[each.name].size
                self._expect(size == outcome.position, f"{each.name!r} has {size} bytes, told {outcome.position}")

    def _size(self, store: Embedded, name: bytes) -> int:
        """Of a journal; 0 of one that cannot be read."""
        opened_ = self.open(store, name)
        self.roll_back(store, *opened_)
        return opened_[0].size if opened_ else 0

    # ---- answers ----------------------------------------------------------------------------------------------------

    def _opened(self, name: bytes, answer: Answered) -> Opened:
        on = opened(name, answer)
        if name not in self._model:
            # What the server says now is what all later answers must agree with.
            self._model[name] = ModelJournal([(frozenset(), b"", on.size)] if on.size else [])
        size = self._model[name].size
        self._expect(on.size == size, f"{name!r} has {size} bytes, and was opened at {on.size}")
        return on

    def _commit(self, store: Embedded, wanted: tuple[Wanted, ...]) -> tuple[Wanted, ...]:
        """Returns what was refused."""
        asked = [Commit(on.name, tuple(events.split(b"\n")), NEVER) for on, _, events in wanted]
        before = {name: list(held) for name, held in self.commits.items()}
        for each in asked:
            self.commits.setdefault(each.journal, []).append(each)
        answers = store.ask(*[committing(*each) for each in wanted])
        self.commits = {name: before.get(name, []) for name in self.commits}
        return tuple(each for each, answer in zip(wanted, answers, strict=True) if not self._decided(each, answer))

    def _decided(self, wanted: Wanted, answer: Answered) -> bool:
        on, types, events = wanted
        if not self._may_be_refused(answer, FULL, UNREADABLE):
            return False
        model = self._model[on.name]
        conflicts = model.conflicts(frozenset({types}), on.size)
        success, size = committed(answer)
        # Behind a full disk a commit may conflict with what was not written after all.
        needless = not success and FULL in self.refused
        self._expect(
            success != conflicts or needless, f"{on.name!r}: a commit's success is {success}, and conflicts {conflicts}"
        )
        self._expect(not (success and on.name in self.damaged), f"{on.name!r} is damaged, and was appended to")
        if success:
            model.append(frozenset({types}), events)
            self.commits[on.name].append(Commit(on.name, tuple(events.split(b"\n")), 0))
        self._expect(size == model.size, f"{on.name!r} has {model.size} bytes, and a commit was answered with {size}")
        return True

    def _may_be_refused(self, answer: Answered, *codes: int) -> bool:
        """True when it was not."""
        if answer.kind != Type.ERROR:
            return True
        self._expect(answer.code in codes, f"error {answer.code} to a request that may be answered with {codes}")
        self.refused[answer.code] = self.refused.get(answer.code, 0) + 1
        return False

    def _expect(self, claim: bool, otherwise: str) -> None:
        if not claim:
            self.wrong.append(otherwise)

    # ---- afterwards -------------------------------------------------------------------------------------------------

    def wrongs_of(self, directory: Path) -> list[str]:
        """What was acknowledged is there, whole, once, in order; what was refused is not; what is damaged is as it was,
        and what was cut off is kept.
        """
        wrong = []
        noted = survey.noted(str(directory))
        for name, commits in self.commits.items():
            path = directory / path_of(name)
            data = path.read_bytes() if path.exists() else b""
            if name in noted and name not in self.damaged:
                # A repair that failed has left it to `everstore repair`. Its whole transactions are there.
                data = data[: judge(data).keep]
            if name not in self.damaged:
                wrong += wrongs_of(name, data, commits, 0)[:3]
            elif data != self.damaged[name]:
                wrong.append(f"{name!r} is damaged, and was changed")
        held = [path.read_bytes() for path in directory.rglob("*") if KEPT.search(path.name)]
        return wrong + [f"{each[:40]!r} is not kept" for each in self.kept if not any(each in one for one in held)]
