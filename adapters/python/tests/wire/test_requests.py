from __future__ import annotations

from typing import Any

import pytest

from everstore_client.errors import TooLarge
from everstore_client.wire import requests
from everstore_client.wire.layouts import BIG, LITTLE


def request_of(vector: dict[str, Any]) -> Any:
    words = {name: value.encode() for name, value in vector.items() if isinstance(value, str)}
    match vector["request"]:
        case "authenticate":
            return requests.authenticate(words["user"], words["password"])
        case "new transaction":
            return requests.new_transaction(words["journal"])
        case "commit":
            types, events = ",".join(vector["types"]).encode(), "\n".join(vector["events"]).encode()
            return requests.commit(words["journal"], vector["worker"], vector["transaction"], types, events)
        case "rollback":
            return requests.rollback(words["journal"], vector["worker"], vector["transaction"])
        case "read":
            numbers = (vector["worker"], vector["since"], vector["size"])
            return requests.read(words["journal"], *numbers, vector["timestamps"])
        case "exists":
            return requests.exists(words["journal"])
        case "status":
            return requests.status(vector["worker"])
    return requests.list_journals(words["prefix"], words["after"], vector["most"])


def test_each_request_is_the_bytes_of_its_vector(request_vector: dict[str, Any]) -> None:
    order = BIG if request_vector.get("order") == "big" else LITTLE
    made = requests.encode(request_of(request_vector), request_vector["uid"], order)
    assert made == bytes.fromhex(request_vector["frame"])


@pytest.mark.parametrize(("since", "worker"), [(2**32, 1), (-1, 1), (0, 2**32), (0, -1)])
def test_a_number_past_32_bits_is_too_large(since: int, worker: int) -> None:
    with pytest.raises(TooLarge):
        requests.encode(requests.read(b"/u", worker, since, 48, False), 1, LITTLE)


class Long(bytes):
    """Claims a length that no test should allocate."""

    def __len__(self) -> int:
        return 2**32


def test_a_body_past_32_bits_is_too_large() -> None:
    with pytest.raises(TooLarge):
        requests.encode(requests.commit(b"/u", 1, 1, b"a", Long()), 1, LITTLE)
