"""The checker, which sweeps, agrees with trying all orders, on thousands of small histories."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from history.checker import check
from history.orders import explains, lived, spoilt
from support import figures

HISTORIES = 2_500
SPOILT_OF_EACH = 3


@pytest.mark.slow
def test_the_checker_says_of_small_histories_what_trying_all_orders_says() -> None:
    seed = figures.seed()
    seen: Counter[bool] = Counter()
    for number in range(HISTORIES):
        chance = Random(f"{seed} {number}")
        right = lived(chance)
        assert check(*right) == [], f"EVERSTORE_SEED={seed}, history {number}"
        assert explains(right), f"EVERSTORE_SEED={seed}, history {number}"
        for turn in range(SPOILT_OF_EACH):
            wrong = spoilt(chance, right)
            faults = check(*wrong)
            assert explains(wrong) == (not faults), f"EVERSTORE_SEED={seed}, history {number}, {turn}: {faults}"
            seen[not faults] += 1
    assert min(seen[True], seen[False]) > HISTORIES // 2, "as many are to be possible as impossible, about"
