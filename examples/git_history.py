"""The history of a git repository as events: a journal for each author, folded into a report.

    python examples/git_history.py                           # this repository
    python examples/git_history.py --repository ../linux     # another one

Importing again appends only what is new: each journal's state knows the commits that it has.
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

from everstore_client import Client, Registry, Repository, connect

AUTHORS = "/git/author/"
registry: Registry[Any] = Registry()


@registry.event("git.Committed")
@dataclass(frozen=True, slots=True)
class Committed:
    """One commit. `day` is ISO 8601, in the author's own time zone; binary files count no lines."""

    hash: str
    day: str
    subject: str
    added: int
    removed: int


@dataclass(slots=True)
class Author:
    """What the report says of one author, folded from the journal."""

    hashes: set[str] = field(default_factory=set)
    added: int = 0
    removed: int = 0
    days: Counter[str] = field(default_factory=Counter)

    def apply(self, event: Committed) -> Author:
        self.hashes.add(event.hash)
        self.added += event.added
        self.removed += event.removed
        self.days[event.day] += 1
        return self


def history(repository: Path) -> Iterator[tuple[str, Committed]]:
    """Every commit but merges, oldest first, with its author's mail address."""
    log = ("git", "-C", str(repository), "log", "--no-merges", "--reverse", "--numstat")
    text = subprocess.run(
        [*log, "--format=%x00%H%x01%ae%x01%as%x01%s"],
        check=True,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
    ).stdout
    for entry in text.split("\0")[1:]:
        head, *changes = entry.strip().split("\n")
        digest, author, day, subject = head.split("\1")
        counts = [line.split("\t")[:2] for line in changes if line]
        added, removed = (sum(int(pair[side]) for pair in counts if pair[side].isdigit()) for side in (0, 1))
        yield author, Committed(digest, day, subject, added, removed)


def journal_of(author: str) -> str:
    """A journal name for any author: what a name may not hold is percent-encoded, as are dots where two would meet. One
    that would be too long is replaced by its hash.
    """
    name = quote(author, safe="@+-_.") or "nobody"
    name = name.replace(".", "%2E") if ".." in name or name == "." else name
    return AUTHORS + (name if len(name) <= 200 else sha256(author.encode()).hexdigest())


def import_history(db: Client[Any], authors: Repository[Author], repository: Path) -> int:
    """Append what the journals do not have yet; returns how many commits that were."""
    appended = 0
    by_author = sorted(history(repository), key=lambda entry: entry[0])
    for author, entries in groupby(by_author, key=lambda entry: entry[0]):
        commits = [commit for _, commit in entries]
        with db.transaction(journal_of(author)) as transaction:
            known = authors.state(transaction).hashes
            transaction.append(*(commit for commit in commits if commit.hash not in known))
            appended += transaction.commit().events
    return appended


def report(db: Client[Any], authors: Repository[Author]) -> str:
    """A line for each author, most commits first."""
    states = {name.removeprefix(AUTHORS): authors.get(name) for name in db.journals(AUTHORS)}
    lines = [f"{'author':32} {'commits':>8} {'added':>8} {'removed':>8}  first       last        busiest"]
    for name, author in sorted(states.items(), key=lambda item: -len(item[1].hashes)):
        weekdays: Counter[str] = Counter()
        for day, commits in author.days.items():
            weekdays[date.fromisoformat(day).strftime("%A")] += commits
        first, last, busiest = min(author.days), max(author.days), weekdays.most_common(1)[0][0]
        lines.append(
            f"{name[:32]:32} {len(author.hashes):8} {author.added:8} {author.removed:8}  {first}  {last}  {busiest}"
        )
    return "\n".join(lines)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repository", type=Path, default=Path(__file__).resolve().parent.parent)
    options.add_argument("--url", default="everstore://admin:passwd@localhost:6929")
    chosen = options.parse_args()
    with connect(chosen.url, registry=registry) as db:
        authors: Repository[Author] = Repository(db, Author.apply, Author)
        print(f"{import_history(db, authors, chosen.repository)} new commits\n")  # noqa: T201
        print(report(db, authors))  # noqa: T201


if __name__ == "__main__":
    main()
