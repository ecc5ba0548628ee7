"""The checker catches each wrong thing in a small history that is sound without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from history.checker import NEVER, NEW_JOURNAL, Operation, check

J = b"/j"
S = b"2026-11-21T00:00:0%d.000 "


@dataclass
class Story:
    """Commits a (two events), b, an unknown u, then c; a conflict, a refusal, a stranger, reads and questions."""

    lines: list[bytes]
    a: Operation
    b: Operation
    u: Operation
    c: Operation
    conflict: Operation
    refused: Operation
    stranger: Operation
    read: Operation
    early: Operation
    late: Operation
    opened: Operation

    def operations(self) -> list[Operation]:
        return [each for each in vars(self).values() if isinstance(each, Operation)]

    def faults(self) -> list[str]:
        return check(self.operations(), {J: b"\n".join(self.lines) + b"\0"})


def line(second: int, event: bytes) -> bytes:
    return S % second + event


def commit(
    called: float, outcome: str, size: int, opened_at: int, types: bytes, *events: bytes, owned: bool = True
) -> Operation:
    answered = NEVER if outcome == "unknown" else called + 1
    kinds = frozenset({types} - {b""})
    return Operation(
        "commit", J, called, answered, outcome, size=size, opened_at=opened_at, owned=owned, types=kinds, events=events
    )


def story() -> Story:
    lines = [line(1, b"E a1"), line(1, b"E a2"), line(2, b"E b1"), line(3, b"E u1"), line(3, b"E u2"), line(4, b"E c1")]
    one = len(lines[0]) + 1
    return Story(
        lines,
        a=commit(10, "ok", 2 * one, 0, b"A", b"E a1", b"E a2"),
        b=commit(20, "ok", 3 * one, 2 * one, b"B", b"E b1"),
        u=commit(22, "unknown", 0, 2 * one, b"", b"E u1", b"E u2"),
        c=commit(30, "ok", 6 * one, 3 * one, b"A", b"E c1"),
        conflict=commit(40, "conflict", 6 * one, 3 * one, b"A", b"E x1"),
        refused=commit(41, "refused", 0, 0, b"", b"E r1"),
        stranger=commit(42, "refused", 0, 0, b"", b"E s1", owned=False),
        read=Operation("read", J, 50, 51, "ok", data=b"\n".join(lines)),
        early=Operation("exists", J, 1, 2, "ok", exists=False),
        late=Operation("exists", J, 60, 61, "ok", exists=True),
        opened=Operation("open", J, 25, 35, "ok", size=3 * one),
    )


def drop(*numbers: int) -> Callable[[Story], None]:
    def change(it: Story) -> None:
        it.lines = [each for number, each in enumerate(it.lines) if number not in numbers]

    return change


def order(*numbers: int) -> Callable[[Story], None]:
    def change(it: Story) -> None:
        it.lines = [it.lines[number] for number in numbers]

    return change


def add(second: int, event: bytes) -> Callable[[Story], None]:
    return lambda it: it.lines.append(line(second, event))


def put(which: str, name: str, value: object) -> Callable[[Story], None]:
    return lambda it: setattr(getattr(it, which), name, value)


def at(which: str, called: float, answered: float) -> Callable[[Story], None]:
    return both(put(which, "called", called), put(which, "answered", answered))


def stamp(number: int, second: int) -> Callable[[Story], None]:
    def change(it: Story) -> None:
        it.lines[number] = line(second, it.lines[number][24:])

    return change


def read_only(count: int) -> Callable[[Story], None]:
    return lambda it: setattr(it.read, "data", b"\n".join(it.lines[:count]))


def both(first: Callable[[Story], None], second: Callable[[Story], None]) -> Callable[[Story], None]:
    def change(it: Story) -> None:
        first(it)
        second(it)

    return change


ONE = len(line(1, b"E a1")) + 1
WRONG: dict[str, Callable[[Story], None]] = {
    "an acknowledged commit is lost from the end": drop(5),
    "an acknowledged commit is lost from the middle": drop(2),
    "all is lost": drop(0, 1, 2, 3, 4, 5),
    "an acknowledged commit is there twice": add(4, b"E c1"),
    "half of an acknowledged commit is lost": drop(1),
    "half of an unknown commit is there": drop(4),
    "two commits are interleaved": order(0, 2, 1, 3, 4, 5),
    "the events of a commit are swapped": order(1, 0, 2, 3, 4, 5),
    "two commits are swapped": order(2, 0, 1, 3, 4, 5),
    "a refused commit is there": add(5, b"E r1"),
    "a conflicting commit is there": add(5, b"E x1"),
    "a commit by a stranger is there": add(5, b"E s1"),
    "an event that nobody sent is there": add(5, b"E nobody"),
    "a stranger's commit is acknowledged as a conflict": put("stranger", "outcome", "conflict"),
    "a timestamp goes back": stamp(5, 1),
    "one commit has two timestamps": stamp(1, 2),
    "a read misses what was acknowledged before": read_only(3),
    "a read shows half a commit": read_only(4),
    "a read shows other bytes": put("read", "data", line(1, b"E z1")),
    "a read shows the future": put("read", "answered", 5.0),
    "a read is refused": put("read", "outcome", "refused"),
    "a commit is refused by a server that could do it": put("refused", "code", 15),
    "a read shows bytes beyond the end": lambda it: setattr(it.read, "data", it.read.data + b"\n"),
    "a size in an answer is too small": put("b", "size", 2 * ONE),
    "a size in an answer is no commit's end": put("b", "size", 3 * ONE - 1),
    "a conflict's size is no commit's end": put("conflict", "size", 6 * ONE + 1),
    "a transaction opens on a stale size": put("opened", "size", 0),
    "a transaction opens on the future": both(put("opened", "size", 6 * ONE), put("opened", "answered", 26.0)),
    "a commit that should conflict succeeds": both(
        put("c", "types", frozenset({b"B"})), put("c", "opened_at", 2 * ONE)
    ),
    "ES_NewJournal succeeds on a journal that is not new": both(
        put("c", "types", frozenset({NEW_JOURNAL})), put("c", "opened_at", 0)
    ),
    "a commit conflicts with nothing": put("conflict", "types", frozenset({b"B"})),
    "a commit conflicts with what it saw": put("conflict", "opened_at", 6 * ONE),
    "a journal is said to exist too early": put("early", "exists", True),
    "a journal is said not to exist too late": put("late", "exists", False),
    "a journal existed, and then did not": both(at("late", 10.2, 10.5), at("early", 10.7, 10.9)),
}


def test_the_story_is_sound_with_its_unknown_commit_and_without() -> None:
    assert story().faults() == []
    without = story()
    without.lines = without.lines[:3]
    without.c.outcome = without.conflict.outcome = "unknown"
    without.c.answered = without.conflict.answered = NEVER
    without.read.data = b"\n".join(without.lines)
    assert without.faults() == []


def test_a_transaction_that_is_gone_is_wrong_where_none_can_have_died() -> None:
    it = story()
    assert check(it.operations(), {J: b"\n".join(it.lines) + b"\0"}, transactions_die=False)


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_history_is_caught(wrong: str) -> None:
    it = story()
    WRONG[wrong](it)
    assert it.faults()
