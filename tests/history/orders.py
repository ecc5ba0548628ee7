"""Small histories, right ones and spoilt ones, and all orders in which a server could have come to them.

`explains` knows nothing of the checker's rules: it tries every order of the operations on a journal that keeps real
time, and runs the model on it.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from history.checker import NEVER, Operation
from support.model import PREFIX_BYTES, ModelJournal

NAMES = [b"/a", b"/b"]
TYPES = [b"A", b"B", b"ES_NewJournal"]
STAMP = b"2026-11-21T00:00:00.000 "
CLIENTS = 3
COMMITS_MAX = 6
Commits = tuple[Operation, ...]
Past = tuple[list[Operation], dict[bytes, bytes]]
"""A history, and the journals in which it ended."""


def text_of(commits: Commits | list[Operation]) -> bytes:
    """The journal that these make."""
    lines = [STAMP + event for commit in commits for event in commit.events]
    return b"\n".join(lines) + b"\0" if lines else b""


# ---- making histories


def lived(chance: Random) -> Past:
    """What a right server could have told three clients, each one thing after the other."""
    moments: list[tuple[float, Operation, Operation | None]] = []
    left = chance.randint(1, COMMITS_MAX)
    names = chance.choice((NAMES, NAMES[:1]))
    for client in range(CLIENTS):
        at = chance.random() * 20
        opened: Operation | None = None
        for number in range(chance.randint(2, 8)):
            kind = chance.choice(("open", "open", "read", "exists") if opened is None or not left else ("commit",))
            left -= kind == "commit"
            name = opened.journal if kind == "commit" and opened else chance.choice(names)
            called = at = at + chance.randint(0, 10)
            answered = at = at + chance.randint(1, 20)
            operation = Operation(kind, name, float(called), float(answered))
            if kind == "commit":
                operation.types = frozenset(chance.sample(TYPES, chance.randint(0, 2)))
                operation.events = tuple(
                    b"E %d.%d.%d" % (client, number, part) for part in range(chance.choice((1, 1, 2)))
                )
            moments.append((called + chance.random() * (answered - called), operation, opened))
            opened = operation if kind == "open" else None
    return _served(chance, moments)


def _served(chance: Random, moments: list[tuple[float, Operation, Operation | None]]) -> Past:
    """Each operation takes effect at its moment; of some nobody hears, and those may take effect later, or never."""
    for at, (moment, operation, _) in enumerate(moments):
        if operation.kind == "commit" and chance.random() < 0.3:
            operation.answered = NEVER
            moments[at] = (chance.choice((moment, moment + 20, NEVER)), operation, moments[at][2])
    journals = {name: ModelJournal() for name in NAMES}
    commits: dict[bytes, list[Operation]] = {name: [] for name in NAMES}
    for moment, operation, opened in sorted(moments, key=lambda each: each[0]):
        journal = journals[operation.journal]
        operation.opened_at = opened.size if opened else 0
        if moment == NEVER:
            continue
        if operation.kind == "commit" and chance.random() < 0.1:
            operation.outcome = "refused"
        elif operation.kind == "commit" and _applied(journal, operation):
            commits[operation.journal].append(operation)
        else:
            _shown(journal, text_of(commits[operation.journal]), operation, chance)
        if operation.answered == NEVER:
            operation.outcome = "unknown"
    return [operation for _, operation, _ in moments], {name: text_of(made) for name, made in commits.items() if made}


def _applied(journal: ModelJournal, commit: Operation) -> bool:
    conflicts = journal.conflicts(commit.types, commit.opened_at)
    if not conflicts:
        journal.append(commit.types, b"\n".join(commit.events))
    commit.outcome, commit.size = "conflict" if conflicts else "ok", journal.size
    return not conflicts


def _shown(journal: ModelJournal, text: bytes, operation: Operation, chance: Random) -> None:
    if operation.kind in ("commit", "open"):
        operation.size = journal.size
    elif operation.kind == "exists":
        operation.exists = journal.size > 0
    else:
        operation.offset = chance.choice([0] + [size for _, _, size in journal.commits])
        operation.data = text[operation.offset : -1]
    operation.outcome = "conflict" if operation.kind == "commit" else "ok"


# ---- spoiling them


def spoilt(chance: Random, past: Past) -> Past:
    """One thing is changed, which may leave it as possible as it was."""
    history = [replace(each) for each in past[0]]
    journals = dict(past[1])
    if journals and chance.random() < 0.4:
        _spoil_journal(chance, journals)
    else:
        _spoil_operation(chance, chance.choice(history), history)
    return history, journals


def _spoil_journal(chance: Random, journals: dict[bytes, bytes]) -> None:
    name = chance.choice(sorted(journals))
    lines = journals[name][:-1].split(b"\n")
    at = chance.randrange(len(lines))
    match chance.randrange(4):
        case 0:
            del lines[at]
        case 1:
            lines.insert(chance.randrange(len(lines) + 1), lines[at])
        case 2:
            lines.insert(chance.randrange(len(lines)), lines.pop(at))
        case 3:
            del lines[at:]
    journals[name] = b"\n".join(lines) + b"\0" if lines else b""


def _spoil_operation(chance: Random, it: Operation, history: list[Operation]) -> None:
    sizes = [0, *(each.size for each in history)]
    match chance.choice((it.kind, "time", "time")):
        case "time":
            later = chance.randint(-60, 60)
            it.called, it.answered = it.called + later, it.answered + later
        case "commit":
            what = chance.choice(("outcome", "outcome", "size", "opened_at", "types", "owned"))
            others: dict[str, object] = {
                "outcome": chance.choice(("ok", "conflict", "refused")),
                "types": frozenset(chance.sample(TYPES, chance.randint(0, 2))),
                "owned": False,
            }
            setattr(it, what, others.get(what, chance.choice(sizes)))
            if it.answered == NEVER and it.outcome != "unknown":
                it.answered = it.called + 20
        case "open":
            it.size = chance.choice(sizes)
        case "exists":
            it.exists = not it.exists
        case "read":
            it.data = it.data[: chance.choice(sizes)]


# ---- explaining them


def explains(past: Past) -> bool:
    """True when some order of all operations gives these answers and these journals."""
    history, journals = past
    return all(
        _is_possible([each for each in history if each.journal == name], journals.get(name, b"")) for name in NAMES
    )


def _is_possible(operations: list[Operation], final: bytes) -> bool:
    """Depth first; `reached` holds what has been tried: operations done, and commits in their order."""
    todo = [each for each in operations if each.outcome != "unknown" or each.kind == "commit"]
    must = frozenset(at for at, each in enumerate(todo) if each.outcome != "unknown")
    paths: list[tuple[frozenset[int], Commits]] = [(frozenset(), ())]
    reached = set()
    while paths:
        done, commits = paths.pop()
        if must <= done and text_of(commits) == final:
            return True
        for at, each in enumerate(todo):
            if at in done or any(other not in done and todo[other].answered < each.called for other in must - {at}):
                continue
            for after in _outcomes(each, commits):
                path = (done | {at}, after)
                key = (path[0], tuple(map(id, after)))
                if key not in reached:
                    reached.add(key)
                    paths.append(path)
    return False


def _outcomes(each: Operation, commits: Commits) -> list[Commits]:
    """The commits there can be behind this operation; none when it cannot have come here."""
    journal = ModelJournal()
    for commit in commits:
        journal.append(commit.types, b"\n".join(commit.events))
    size = journal.size
    if each.kind == "open":
        return [commits] if each.size == size else []
    if each.kind == "exists":
        return [commits] if each.exists == (size > 0) else []
    if each.kind == "read":
        fits = each.offset <= size and each.data == text_of(commits)[each.offset : max(size - 1, 0)]
        return [commits] if fits else []
    conflicts = journal.conflicts(each.types, each.opened_at)
    if each.outcome == "refused":
        return [commits]
    if each.outcome == "conflict":
        return [commits] if each.owned and conflicts and each.size == size else []
    if conflicts or not each.owned:
        return []
    end = size + sum(PREFIX_BYTES + len(event) + 1 for event in each.events)
    return [(*commits, each)] if each.outcome == "unknown" or each.size == end else []
