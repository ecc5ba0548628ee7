from __future__ import annotations

from struct import pack
from typing import Any

import pytest

from everstore.errors import Code
from everstore.wire import replies, requests
from everstore.wire.layouts import COMPRESSED, HEADER, HEADER_BYTES, HELLO, MULTIPART, WITH_TIMESTAMPS, Type

BODIES: list[tuple[Any, bytes, Any]] = [
    (requests.login, pack("<2I", 5, 6) + b"adminpasswd", (b"admin", b"passwd")),
    (requests.name_only, pack("<I", 2) + b"/a", b"/a"),
    (requests.commit, pack("<4I", 2, 3, 4, 9) + b"/a" + b"x,y" + b"x 12", (b"/a", 9, b"x,y", 21)),
    (requests.rollback, pack("<2I", 2, 9) + b"/a", (b"/a", 9)),
    (requests.read, pack("<3I", 2, 10, 20) + b"/a", (b"/a", 10, 20)),
    (requests.listing, pack("<3I", 2, 3, 7) + b"/a" + b"/ab", (b"/a", b"/ab", 7)),
    (requests.login, bytes(8), (b"", b"")),
    (requests.name_only, bytes(4), b""),
    (requests.commit, pack("<4I", 0, 0, 0, 9), (b"", 9, b"", 16)),
    (requests.rollback, pack("<2I", 0, 9), (b"", 9)),
    (requests.read, pack("<3I", 0, 10, 20), (b"", 10, 20)),
    (requests.listing, pack("<3I", 0, 0, 7), (b"", b"", 7)),
]


@pytest.mark.parametrize(("decode", "body", "fields"), BODIES)
def test_a_body_is_decoded_only_when_its_lengths_add_up(decode: Any, body: bytes, fields: Any) -> None:
    assert decode(body) == fields
    for wrong in [body[:size] for size in range(len(body))] + [body + b"x"]:
        with pytest.raises(requests.Malformed) as refused:
            decode(wrong)
        assert refused.value.code == Code.UNKNOWN


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (Type.NEW_TRANSACTION, BODIES[1][1]),
        (Type.EXISTS, BODIES[1][1]),
        (Type.COMMIT, BODIES[2][1]),
        (Type.ROLLBACK, BODIES[3][1]),
        (Type.READ, BODIES[4][1]),
    ],
)
def test_the_name_that_routes_is_the_name_that_is_decoded(kind: Type, body: bytes) -> None:
    assert requests.routed_by_name(kind)
    assert requests.name_for_routing(kind, body) == b"/a"
    with pytest.raises(requests.Malformed):
        requests.name_for_routing(kind, body[:3])


@pytest.mark.parametrize("kind", [kind for kind in Type if requests.routed_by_name(kind)])
def test_an_empty_name_routes_as_well(kind: Type) -> None:
    assert requests.name_for_routing(kind, bytes(26)) == b""


def test_what_is_routed_by_its_journal_names_one() -> None:
    assert {kind.name for kind in Type if requests.routed_by_name(kind)} == {
        "NEW_TRANSACTION",
        "COMMIT",
        "ROLLBACK",
        "READ",
        "EXISTS",
        "FETCH",
    }


def test_a_malformed_request_is_told_by_its_kind_and_size() -> None:
    with pytest.raises(requests.Malformed, match="the lengths in a commit do not add up to its 3 bytes"):
        requests.commit(b"abc")


def test_the_numbers_are_those_of_the_protocol() -> None:
    assert HELLO == b"\0\1\1"
    assert HEADER.size == HEADER_BYTES == 20
    assert (MULTIPART, COMPRESSED, WITH_TIMESTAMPS) == (1, 2, 4)
    assert {kind.name: kind.value for kind in Type} == {
        "ERROR": 1,
        "AUTHENTICATE": 3,
        "NEW_TRANSACTION": 4,
        "COMMIT": 5,
        "ROLLBACK": 6,
        "READ": 7,
        "EXISTS": 8,
        "STATUS": 32,
        "LIST": 33,
        "NATIVE": 34,
        "APPEND": 35,
        "FETCH": 36,
        "LANE": 37,
    }


def test_a_status_request_is_empty() -> None:
    requests.status(b"")
    with pytest.raises(requests.Malformed):
        requests.status(b"x")


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (replies.error(7, 2, Code.NAME_INVALID), "01000000 04000000 07000000 00000000 02000000 08000000"),
        (replies.new_transaction(7, 2, 90, 5), "04000000 08000000 07000000 00000000 02000000 5a000000 05000000"),
        (replies.commit(7, 2, True, 90), "05000000 08000000 07000000 00000000 02000000 01000000 5a000000"),
        (replies.commit(7, 2, False, 90), "05000000 08000000 07000000 00000000 02000000 00000000 5a000000"),
        (replies.rollback(7, 2), "06000000 01000000 07000000 00000000 02000000 01"),
        (replies.read_part(7, 2, b"a 1", True), "07000000 07000000 07000000 01000000 02000000 03000000 612031"),
        (replies.read_part(7, 2, b"", False), "07000000 04000000 07000000 00000000 02000000 00000000"),
        (replies.exists(7, 2, True), "08000000 01000000 07000000 00000000 02000000 01"),
        (replies.status(7, 0, b"{}"), "20000000 06000000 07000000 00000000 00000000 02000000 7b7d"),
        (replies.listing(7, 2, b"/a", True), "21000000 0a000000 07000000 00000000 02000000 01000000 02000000 2f61"),
    ],
)
def test_every_reply_byte_by_byte(reply: bytes, expected: str) -> None:
    assert reply.hex() == expected.replace(" ", "")
