from __future__ import annotations

import pytest

from everstore_client import errors
from everstore_client.errors import EverstoreError, ServerError, UnknownError, from_code

CODES = {1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 15}


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
