from __future__ import annotations

from typing import Any

import pytest

from everstore_client.errors import TooLarge
from everstore_client.wire import requests
from everstore_client.wire.layouts import BIG, LITTLE


def as_argument(value: Any) -> Any:
    return value.encode() if isinstance(value, str) else value


def test_each_request_is_the_bytes_of_its_vector(request_vector: dict[str, Any]) -> None:
    make = getattr(requests, request_vector["call"])
    request = make(*map(as_argument, request_vector["arguments"]))
    order = BIG if request_vector.get("order") == "big" else LITTLE
    assert requests.encode(request, request_vector["uid"], order) == bytes.fromhex(request_vector["frame"])


def test_a_number_past_32_bits_is_too_large() -> None:
    with pytest.raises(TooLarge):
        requests.encode(requests.read(b"/u", 1, 2**32, 2**32, False), 1, LITTLE)


class Long(bytes):
    """Claims a length that no test should allocate."""

    def __len__(self) -> int:
        return 2**32


def test_a_body_past_32_bits_is_too_large() -> None:
    with pytest.raises(TooLarge):
        requests.encode(requests.commit(b"/u", 1, 1, b"a", Long()), 1, LITTLE)
