from __future__ import annotations

import itertools

import pytest

from everstore_client.limits import CONFLICT_PAUSE_S, CONFLICT_PAUSE_S_MAX
from everstore_client.retry import conflict_pauses, jittered


@pytest.mark.parametrize("attempts", [1, 2, 10])
def test_between_attempts_there_is_one_pause_less(attempts: int) -> None:
    assert len(list(conflict_pauses(attempts))) == attempts - 1


def test_no_attempt_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="attempts"):
        conflict_pauses(0)


def test_pauses_differ_and_stay_in_growing_bounds() -> None:
    bounds = itertools.accumulate(
        range(50), lambda bound, _: min(2 * bound, CONFLICT_PAUSE_S_MAX), initial=CONFLICT_PAUSE_S
    )
    pauses = list(itertools.islice(jittered(CONFLICT_PAUSE_S, CONFLICT_PAUSE_S_MAX), 50))
    assert all(0 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=False))
    assert len(set(pauses)) > 40
