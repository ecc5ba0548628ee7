from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from everstore.journal.names import owner

NAMES: list[Callable[[int], str]] = [
    lambda number: f"/user/{number}",
    lambda number: f"/{number:08d}",
    lambda number: f"/order/{number % 100}/{number}",
    lambda number: f"/git/author/{number}@example%2Ecom",
    lambda number: "/" + "ab"[number % 2] * (number // 50 + 1) + str(number % 50),
    lambda number: f"/{number:032b}",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name(7))
@pytest.mark.parametrize("workers", [2, 3, 4, 5, 8, 16])
def test_every_worker_gets_its_share_of_the_journals(name: Callable[[int], str], workers: int) -> None:
    shares = Counter(owner(name(number).encode(), workers) for number in range(10_000))
    assert set(shares) == set(range(1, workers + 1))
    assert max(shares.values()) < 1.25 * 10_000 / workers


def test_the_owner_of_a_journal_is_always_the_same() -> None:
    assert [owner(b"/user/42", workers) for workers in (1, 5, 5, 256)] == [1, 2, 2, 96]
