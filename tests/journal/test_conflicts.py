from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from everstore.journal.conflicts import Declared, types_of

TYPES = st.sets(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=3)


def test_types_are_separated_by_commas_or_newlines() -> None:
    assert types_of(b"a,b\nc,,\na") == {b"a", b"b", b"c"}
    assert types_of(b"") == set()


@given(st.lists(TYPES, max_size=12), TYPES, st.integers(0, 12))
def test_a_conflict_is_a_type_declared_since(commits: list[set[bytes]], types: set[bytes], opened: int) -> None:
    declared = Declared()
    for number, each in enumerate(commits, 1):
        declared.declare(each, 10 * number)
    since = set().union(*commits[opened:])
    found = declared.conflicting(types, 10 * opened)
    assert (found in types & since) if types & since else found is None


@given(st.lists(TYPES, max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_forgetting_changes_nothing_for_those_who_came_later(commits: list[set[bytes]], until: int, later: int) -> None:
    declared, forgetful = Declared(), Declared()
    for number, each in enumerate(commits, 1):
        declared.declare(each, number)
        forgetful.declare(each, number)
    forgetful.forget_until(until)
    for each in (b"a", b"b", b"c", b"d"):
        assert declared.conflicting([each], until + later) == forgetful.conflicting([each], until + later)


@given(st.lists(TYPES, min_size=1, max_size=12), st.integers(0, 11))
def test_rolling_back_never_hides_a_conflict(commits: list[set[bytes]], kept: int) -> None:
    rolled, exact = Declared(), Declared()
    for number, each in enumerate(commits, 1):
        rolled.declare(each, number)
        if number <= kept:
            exact.declare(each, number)
    rolled.roll_back(kept)
    for each in (b"a", b"b", b"c", b"d"):
        for opened in range(kept + 1):
            assert exact.conflicting([each], opened) is None or rolled.conflicting([each], opened)
        assert rolled.conflicting([each], kept) is None
