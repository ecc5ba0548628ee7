from __future__ import annotations

import pytest

from everstore.bench.figures import Spread, quantile, spread


def test_the_spread_of_some_runs_is_their_median_and_quartiles() -> None:
    assert spread([5.0, 1.0, 4.0, 2.0, 3.0]) == Spread(3.0, 2.0, 4.0)


def test_the_spread_of_one_or_two_runs_is_their_ends() -> None:
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)
    assert spread([8.0, 6.0]) == Spread(7.0, 6.0, 8.0)


@pytest.mark.parametrize(("share", "value"), [(0.0, 0), (0.5, 50), (0.99, 99), (1.0, 99)])
def test_a_quantile_is_what_such_a_share_stays_below(share: float, value: int) -> None:
    assert quantile(range(100), share) == value
