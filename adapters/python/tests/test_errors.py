from __future__ import annotations

import pickle

import pytest

from everstore_client import errors
from everstore_client.errors import (
    Conflict,
    EverstoreError,
    OutcomeUnknown,
    ServerError,
    UnknownError,
    UnknownEventType,
    from_code,
)

CODES = {1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15, 16, 17, 18}


def test_each_wire_code_has_a_class_of_its_own() -> None:
    assert set(ServerError.by_code) == CODES


@pytest.mark.parametrize("code", sorted(CODES - {7}))
def test_an_error_carries_its_code_and_says_what_it_means(code: int) -> None:
    error = from_code(code)
    assert type(error) is ServerError.by_code[code]
    assert error.code == code
    assert str(error).endswith(f"(code {code})")


@pytest.mark.parametrize("code", [0, 7, 99, 2**32 - 1])
def test_a_code_that_never_comes_is_an_unknown_error_that_carries_it(code: int) -> None:
    error = from_code(code)
    assert type(error) is UnknownError
    assert error.code == code


def test_all_exceptions_are_everstore_errors() -> None:
    defined = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert all(issubclass(each, EverstoreError) for each in defined)


@pytest.mark.parametrize(
    "error",
    [from_code(99), Conflict("/u", ("a", "b")), OutcomeUnknown("/u", "gone"), UnknownEventType("no type a", "a")],
    ids=lambda error: type(error).__name__,
)
def test_an_error_crosses_to_another_process(error: EverstoreError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert (type(there), str(there), vars(there)) == (type(error), str(error), vars(error))


def test_what_the_errors_say() -> None:
    assert str(Conflict("/u", ("a", "b"))) == "conflict on /u: another commit declared one of a, b"
    assert str(OutcomeUnknown("/u", "gone")) == "the commit to /u may or may not have happened: gone"
    assert str(UnknownEventType("no type a", "a")) == "no type a"
