from __future__ import annotations

import random
from collections.abc import Callable
from operator import itemgetter
from typing import Any

import pytest

from everstore_client.errors import ProtocolError
from everstore_client.wire.frames import Frame
from everstore_client.wire.layouts import BIG, LITTLE, MULTIPART, Order
from everstore_client.wire.replies import decode

KINDS = (1, 4, 5, 6, 7, 8, 32, 33)


def frame_of(vector: dict[str, Any]) -> tuple[Frame, Order]:
    data = bytes.fromhex(vector["frame"])
    order = BIG if vector.get("order") == "big" else LITTLE
    kind, size, uid, properties, worker = order.header.unpack(data[:20])
    assert size == len(data) - 20
    return Frame(kind, uid, properties, worker, data[20:]), order


SAYS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "error": itemgetter("code"),
    "new transaction": itemgetter("size", "transaction", "worker"),
    "commit": itemgetter("success", "size"),
    "rollback": itemgetter("done"),
    "read": lambda vector: vector["text"].encode(),
    "exists": itemgetter("exists"),
    "status": lambda vector: vector["text"].encode(),
    "list journals": itemgetter("more", "journals"),
}


def test_each_reply_says_what_its_vector_says(reply_vector: dict[str, Any]) -> None:
    frame, order = frame_of(reply_vector)
    assert (frame.uid, frame.worker) == (reply_vector["uid"], reply_vector["worker"])
    assert bool(frame.properties & MULTIPART) == reply_vector.get("more", False) or reply_vector["reply"] != "read"
    assert decode(frame, order) == SAYS[reply_vector["reply"]](reply_vector)


def test_a_body_of_any_other_length_is_refused(reply_vector: dict[str, Any]) -> None:
    frame, order = frame_of(reply_vector)
    for body in (*(frame.body[:end] for end in range(len(frame.body))), frame.body + b"\0"):
        with pytest.raises(ProtocolError):
            decode(frame._replace(body=body), order)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (4, LITTLE.pack(7, 0)),
        (5, LITTLE.pack(2, 7)),
        (8, b"\2"),
        (33, LITTLE.pack(2, 0)),
        (33, LITTLE.pack(0, 1) + b"\xff"),
        (9, b""),
    ],
    ids=["transaction 0", "success 2", "exists 2", "more 2", "names that are not UTF-8", "unknown type"],
)
def test_values_that_cannot_be_are_refused(kind: int, body: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode(Frame(kind, 1, 0, 1, body), LITTLE)


def test_rubbish_leaves_only_as_a_protocol_error() -> None:
    seeded = random.Random(6929)
    for _ in range(5000):
        try:
            decode(Frame(seeded.choice(KINDS), 1, 0, 1, seeded.randbytes(seeded.randrange(16))), LITTLE)
        except ProtocolError:
            continue
