"""What a store is, in the fewest lines: journals as lists of commits, each with its types and the size after it."""

from __future__ import annotations

from dataclasses import dataclass, field

PREFIX_BYTES = 24
NEW_JOURNAL = b"ES_NewJournal"


@dataclass
class ModelJournal:
    commits: list[tuple[frozenset[bytes], bytes, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.commits[-1][2] if self.commits else 0

    def conflicts(self, types: frozenset[bytes], opened_at: int) -> bool:
        return any(types & declared for declared, _, size in self.commits if size > opened_at)

    def append(self, types: frozenset[bytes], events: bytes) -> None:
        declared = types if self.commits else types | {NEW_JOURNAL}
        size = self.size + len(events) + PREFIX_BYTES * (events.count(b"\n") + 1) + 1
        self.commits.append((declared, events, size))

    def text(self, since: int, until: int) -> bytes:
        return b"\n".join(events for _, events, size in self.commits if since < size <= until)


class Model:
    """`open` transactions are (journal name, size at their opening), by whatever names them."""

    def __init__(self) -> None:
        self.journals: dict[bytes, ModelJournal] = {}

    def journal(self, name: bytes) -> ModelJournal:
        return self.journals.setdefault(name, ModelJournal())

    def commit(self, name: bytes, opened_at: int, types: frozenset[bytes], events: bytes) -> bool:
        """Whether it succeeds; then it has happened."""
        journal = self.journal(name)
        if not events:
            return True
        if journal.conflicts(types, opened_at):
            return False
        journal.append(types, events)
        return True
