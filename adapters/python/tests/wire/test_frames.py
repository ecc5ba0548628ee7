from __future__ import annotations

import random
from typing import Any

import pytest

from everstore_client.errors import ProtocolError
from everstore_client.limits import REPLY_BYTES_MAX
from everstore_client.wire.frames import Frame, FrameCutter
from everstore_client.wire.layouts import BIG, LITTLE

HELLO = {"little": b"\0\1\1", "big": b"\1\1\1"}


def cut(order: str, pieces: list[bytes]) -> list[Frame]:
    """Every frame in a stream that starts with a hello and arrives in these pieces."""
    cutter = FrameCutter()
    cutter.feed(HELLO[order])
    assert cutter.hello() is not None
    frames = []
    for piece in pieces:
        cutter.feed(piece)
        frames += list(cutter.frames())
    return frames


def test_each_reply_is_cut_whole_and_at_every_byte(reply_vector: dict[str, Any]) -> None:
    data = bytes.fromhex(reply_vector["frame"])
    order = reply_vector.get("order", "little")
    whole = cut(order, [data])
    assert [frame.uid for frame in whole] == [reply_vector["uid"]]
    for at in range(len(data)):
        assert cut(order, [data[:at], data[at:]]) == whole
    assert cut(order, [data[at : at + 1] for at in range(len(data))]) == whole


def test_each_reply_is_cut_with_bytes_behind_it(reply_vector: dict[str, Any]) -> None:
    data = bytes.fromhex(reply_vector["frame"])
    order = reply_vector.get("order", "little")
    whole = cut(order, [data])
    for behind in range(len(data)):
        assert cut(order, [data + data[:behind]]) == whole
        assert cut(order, [data + data[:behind], data[behind:]]) == whole * 2


@pytest.mark.parametrize(("hello", "order", "login"), [(b"\0\1\1", LITTLE, True), (b"\1\1\0", BIG, False)])
def test_the_hello_names_the_byte_order_and_whether_to_log_in(hello: bytes, order: object, login: bool) -> None:
    cutter = FrameCutter()
    for at in range(2):
        cutter.feed(hello[at : at + 1])
        assert cutter.hello() is None
    cutter.feed(hello[2:])
    assert cutter.hello() == (order, login)


@pytest.mark.parametrize("hello", [b"\2\1\1", b"\0\2\1", b"\0\1\2", b"SSH"])
def test_another_hello_is_refused(hello: bytes) -> None:
    cutter = FrameCutter()
    cutter.feed(hello)
    with pytest.raises(ProtocolError):
        cutter.hello()


@pytest.mark.parametrize(
    "header",
    [LITTLE.header.pack(7, REPLY_BYTES_MAX + 1, 1, 0, 1), LITTLE.header.pack(7, 3, 1, 2, 1)],
    ids=["over-long", "compressed"],
)
def test_a_header_that_cannot_be_is_refused_before_its_body_came(header: bytes) -> None:
    with pytest.raises(ProtocolError):
        cut("little", [header])


def test_rubbish_is_a_protocol_error_or_waits_for_more() -> None:
    seeded = random.Random(20150802)
    for _ in range(2000):
        try:
            cut("little", [seeded.randbytes(seeded.randrange(200))])
        except ProtocolError:
            continue
