"""Decides whether what many clients saw of the server can have come from one journal each, appended to in one order.

Events are unique, so the final journal shows the order of its commits, and every rule is one sweep over the operations:
no search. A commit of which nobody knows the outcome may be there or not, but never by half. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

NEW_JOURNAL = b"ES_NewJournal"
STAMP_BYTES = 23
NEVER = float("inf")
NO_SUCH_TRANSACTION = 6


@dataclass(slots=True)
class Operation:
    """One request and its answer. `called`, `answered`: monotonic seconds; NEVER without an answer that tells.

    `outcome`: ok, conflict, refused (with the error `code`) or unknown. `size`: of the journal, as answered or asked
    from (`offset`). `opened_at`: the size that a commit's transaction saw; `owned`: that transaction may commit here,
    as far as the client knows. `data`: what a read gave, with timestamps.
    """

    kind: str
    journal: bytes
    called: float
    answered: float = NEVER
    outcome: str = "unknown"
    code: int = NO_SUCH_TRANSACTION
    size: int = 0
    opened_at: int = 0
    owned: bool = True
    types: frozenset[bytes] = frozenset()
    events: tuple[bytes, ...] = ()
    offset: int = 0
    data: bytes = b""
    exists: bool = False


class Placed(NamedTuple):
    """A commit where it stands: in front of `start`, the journal's size was that; behind it, `end`."""

    start: int
    end: int
    commit: Operation


@dataclass(slots=True)
class _Final:
    """What is wrong so far, and the commits of one final journal in its order."""

    text: bytes
    placed: list[Placed] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def check(history: list[Operation], journals: dict[bytes, bytes], transactions_die: bool = True) -> list[str]:
    """What is wrong with a history that ended in these files; nothing when it is sound. `transactions_die`: they may
    have, with their workers.
    """
    of: dict[bytes, list[Operation]] = defaultdict(list)
    for operation in history:
        of[operation.journal].append(operation)
    return [
        f"{name.decode()}: {fault}"
        for name in of.keys() | journals.keys()
        for fault in _check_journal(of[name], journals.get(name, b""), transactions_die)
    ]


def _check_journal(operations: list[Operation], content: bytes, transactions_die: bool) -> list[str]:
    final = _Final(content[:-1])
    if content and (content[-1:] != b"\0" or b"\0" in content[:-1]):
        return ["the journal does not end in its only marker"]
    commits = [each for each in operations if each.kind == "commit" and each.events]
    _place(final, commits)
    if final.faults:
        return final.faults
    ends = {id(each.commit): each for each in final.placed}
    final.faults += [
        f"{each.kind}: refused, code {each.code}" for each in operations if _wrongly_refused(each, transactions_die)
    ]
    for commit in commits:
        _check_outcome(final, commit, ends.get(id(commit)))
    _check_verdicts(final, commits, ends)
    _check_time(final, [each for each in operations if each.outcome in ("ok", "conflict")])
    return final.faults


def _wrongly_refused(each: Operation, transactions_die: bool) -> bool:
    """A commit's transaction may have ended; all else that is asked can be done, on a whole disk with room."""
    has_ended = each.kind == "commit" and each.code == NO_SUCH_TRANSACTION and (transactions_die or not each.owned)
    return each.outcome == "refused" and not has_ended


def _place(final: _Final, commits: list[Operation]) -> None:
    """Cut the journal into commits."""
    by_first = {each.events[0]: each for each in commits}
    lines = final.text.split(b"\n") if final.text else []
    seen: set[bytes] = set()
    at = position = 0
    stamp = b""
    while at < len(lines):
        commit = by_first.get(lines[at][STAMP_BYTES + 1 :])
        if commit is None or commit.events[0] in seen:
            final.faults.append(f"line {at} begins no commit, or one that stands there already: {lines[at]!r}")
            return
        seen.add(commit.events[0])
        here = lines[at : at + len(commit.events)]
        if tuple(line[STAMP_BYTES + 1 :] for line in here) != commit.events:
            final.faults.append(f"line {at}: the commit is not whole: {here!r}")
            return
        stamps = {line[:STAMP_BYTES] for line in here}
        if len(stamps) > 1 or min(stamps) < stamp:
            final.faults.append(f"line {at}: the timestamps go back, or are several in one commit")
        stamp = max(stamps)
        end = position + sum(len(line) + 1 for line in here)
        final.placed.append(Placed(position, end, commit))
        position = end
        at += len(here)


def _check_outcome(final: _Final, commit: Operation, there: Placed | None) -> None:
    if commit.outcome == "ok" and there is None:
        final.faults.append(f"acknowledged and lost: {commit.events!r}")
    elif commit.outcome == "ok" and there is not None and commit.size != there.end:
        final.faults.append(f"acknowledged with size {commit.size}, and ends at {there.end}: {commit.events!r}")
    elif commit.outcome in ("conflict", "refused") and there is not None:
        final.faults.append(f"{commit.outcome}, and there: {commit.events!r}")
    if not commit.owned and (there is not None or commit.outcome in ("ok", "conflict")):
        final.faults.append(f"committed by a transaction that could not: {commit.events!r}")


def _check_verdicts(final: _Final, commits: list[Operation], ends: dict[int, Placed]) -> None:
    """A commit conflicts if and only if one of its types was declared after its transaction opened."""
    declared: dict[bytes, list[int]] = defaultdict(list)
    for number, each in enumerate(final.placed):
        for kind in each.commit.types | ({NEW_JOURNAL} if number == 0 else set()):
            declared[kind].append(each.end)
    for commit in commits:
        there = ends.get(id(commit))
        if there is None and commit.outcome != "conflict":
            continue
        seen = commit.size if there is None else there.start
        conflicts = any(
            bisect_right(declared.get(kind, []), seen) > bisect_right(declared.get(kind, []), commit.opened_at)
            for kind in commit.types
        )
        if conflicts != (there is None):
            final.faults.append(
                f"the verdict {commit.outcome} is wrong, opened at {commit.opened_at}: {commit.events!r}"
            )


def _check_time(final: _Final, seen: list[Operation]) -> None:
    """Every answer shows the journal at one size. Sizes never go back in real time, and show nothing before it was
    asked for.
    """
    latest_call = {0: -NEVER}
    for each in final.placed:
        latest_call[each.end] = max(latest_call[each.start], each.commit.called)
    shown: list[tuple[Operation, int]] = []
    for each in seen:
        size = _size_shown(final, each)
        if size is None:
            continue
        if size not in latest_call:
            final.faults.append(f"{each.kind}: no commit ends at {size}")
        elif latest_call[size] > each.answered:
            final.faults.append(f"{each.kind}: shows at {size} what was asked for only later")
        else:
            shown.append((each, size))
    by_answer = sorted(shown, key=lambda pair: pair[0].answered)
    most = at = 0
    for each, size in sorted(shown, key=lambda pair: pair[0].called):
        while at < len(by_answer) and by_answer[at][0].answered < each.called:
            most = max(most, by_answer[at][1])
            at += 1
        if size < most:
            final.faults.append(f"{each.kind}: shows {size} bytes, {most} were acknowledged before")
    _check_existence(final, [each for each in seen if each.kind == "exists"], shown)


def _check_existence(final: _Final, asked: list[Operation], shown: list[tuple[Operation, int]]) -> None:
    """Of the answers that tell whether there is a journal, none says no when one before it has said yes."""
    told = [(each, size > 0) for each, size in shown] + [(each, each.exists) for each in asked]
    there_since = min((each.answered for each, there in told if there), default=NEVER)
    first_call = final.placed[0].commit.called if final.placed else NEVER
    for each, there in told:
        if not there and each.called > there_since:
            final.faults.append(f"{each.kind}: there is no journal, though it had been acknowledged")
        if there and each.answered < first_call:
            final.faults.append(f"{each.kind}: there is a journal, before anybody made it")


def _size_shown(final: _Final, each: Operation) -> int | None:
    """The journal's size by this answer; None when it names none."""
    if each.kind in ("open", "commit"):
        return each.size
    if each.kind != "read":
        return None
    end = each.offset + len(each.data) + bool(each.data)
    if final.text[each.offset : each.offset + len(each.data)] != each.data:
        final.faults.append(f"read: from {each.offset} something else than the journal holds: {each.data[:80]!r}")
        return None
    return end
