from __future__ import annotations

from typing import NamedTuple

import pytest

from everstore_client.pooling import Choice, choose


class Busy(NamedTuple):
    waiting: int
    is_native: bool = False


@pytest.mark.parametrize(
    ("live", "opening", "chosen"),
    [
        ([], 0, Choice.OPEN),
        ([], 1, Choice.OPEN),
        ([], 2, Choice.WAIT),
        ([Busy(0)], 0, Busy(0)),
        ([Busy(3)], 0, Choice.OPEN),
        ([Busy(3)], 1, Busy(3)),
        ([Busy(3), Busy(2)], 0, Busy(2)),
        ([Busy(3), Busy(0)], 0, Busy(0)),
    ],
)
def test_which_of_two_connections_at_most(live: list[Busy], opening: int, chosen: object) -> None:
    assert choose(live, opening, most=2) == chosen


@pytest.mark.parametrize(
    ("live", "chosen"),
    [
        ([], Choice.OPEN),
        ([Busy(3)], Choice.OPEN),
        ([Busy(3, is_native=True)], Busy(3, is_native=True)),
        ([Busy(3, is_native=True), Busy(0, is_native=True)], Busy(3, is_native=True)),
    ],
)
def test_appends_go_together_where_that_is_of_use(live: list[Busy], chosen: object) -> None:
    assert choose(live, 0, most=2, together=True) == chosen
