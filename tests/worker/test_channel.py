from __future__ import annotations

import pytest

from everstore import limits
from everstore.wire.layouts import Type
from everstore.worker.channel import RequestCutter, pack

SIZES = (0, 10, limits.CHANNEL_RECEIVE_BYTES, limits.CHANNEL_RECEIVE_BYTES + 1, 3, 300_000, 5)
ITEMS = [
    (number, (int(Type.COMMIT), size, number, 0, 1, bytes((number,)) * size)) for number, size in enumerate(SIZES, 1)
]
STREAM = b"".join(pack(connection, frame) for connection, frame in ITEMS)


@pytest.mark.parametrize("step", [1_000, 23, 24, 25, limits.CHANNEL_RECEIVE_BYTES, 299_999, len(STREAM)])
def test_requests_of_any_size_are_cut_wherever_the_stream_is(step: int) -> None:
    cutter = RequestCutter()
    found = [item for at in range(0, len(STREAM), step) for item in cutter.feed(STREAM[at : at + step])]
    assert found == ITEMS
    assert all(type(frame[5]) is bytes for _, frame in found)
