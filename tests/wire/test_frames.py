from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore import limits
from everstore.wire.frames import OVERSIZE, RUBBISH, Frame, FrameCutter
from everstore.wire.layouts import HEADER, Type

MAX = 100


def cutter() -> FrameCutter:
    made = FrameCutter(MAX)
    made.admit(MAX)
    return made


def encode(frame: Frame) -> bytes:
    kind, size, uid, properties, worker, body = frame
    return HEADER.pack(kind, size, uid, properties, worker) + body


FRAMES: list[Frame] = [
    (Type.EXISTS, 6, 1, 0, 0, b"\2\0\0\0/a"),
    (Type.STATUS, 0, 0xFFFFFFFF, 0, 3, b""),
    (99, 3, 2, 4, 0, b"odd"),
    (Type.COMMIT, MAX, 3, 0, 1, b"c" * MAX),
]
STREAM = b"".join(map(encode, FRAMES))


def test_frames_come_out_whole() -> None:
    assert cutter().feed(STREAM) == FRAMES


def test_frames_cut_anywhere_come_out_the_same() -> None:
    for first in range(len(STREAM) + 1):
        for second in range(first, len(STREAM) + 1, 7):
            cut = cutter()
            pieces = (STREAM[:first], STREAM[first:second], STREAM[second:])
            assert [frame for piece in pieces for frame in cut.feed(piece)] == FRAMES


def test_frames_come_out_byte_by_byte_as_soon_as_they_are_whole() -> None:
    cut, whole = cutter(), []
    for position in range(len(STREAM)):
        found = cut.feed(STREAM[position : position + 1])
        whole += found
        ends = [sum(len(encode(frame)) for frame in FRAMES[: number + 1]) for number in range(len(FRAMES))]
        assert bool(found) == (position + 1 in ends)
    assert whole == FRAMES


def test_a_body_over_the_limit_is_announced_at_its_header_and_skipped() -> None:
    oversize = HEADER.pack(Type.COMMIT, MAX + 1, 7, 0, 1)
    rest = b"x" * (MAX + 1) + encode(FRAMES[0])
    for size in range(len(rest) + 1):
        cut = cutter()
        assert cut.feed(oversize) == [(OVERSIZE, MAX + 1, 7, 0, 1, b"")]
        assert cut.feed(rest[:size]) + cut.feed(rest[size:]) == [FRAMES[0]]
    assert cutter().feed(oversize + rest) == [(OVERSIZE, MAX + 1, 7, 0, 1, b""), FRAMES[0]]


def test_an_unknown_type_over_the_limit_ends_everything() -> None:
    rubbish = b"GET / HTTP/1.1\r\nHost: x\r\n"
    found = cutter().feed(encode(FRAMES[0]) + rubbish + encode(FRAMES[0]))
    assert [frame[0] for frame in found] == [Type.EXISTS, RUBBISH]


@pytest.mark.parametrize("kind", [each for each in Type if each != Type.AUTHENTICATE] + [0, 99])
@pytest.mark.parametrize("size", [0, 1, 6])
def test_before_login_anything_else_ends_at_its_header(kind: int, size: int) -> None:
    assert FrameCutter(MAX).feed(HEADER.pack(kind, size, 1, 0, 0)) == [(RUBBISH, size, 1, 0, 0, b"")]


def test_at_most_as_many_as_asked_for_are_cut_and_the_rest_is_kept() -> None:
    cut = cutter()
    assert cut.feed(STREAM, 1) == FRAMES[:1]
    assert cut.feed(b"", 2) == FRAMES[1:3]
    assert cut.feed(b"") == FRAMES[3:]


@given(st.binary(max_size=300), st.integers(1, 50))
def test_nothing_raises_and_nothing_over_the_limit_is_held(data: bytes, step: int) -> None:
    cut = cutter()
    for position in range(0, len(data), step):
        for frame in cut.feed(data[position : position + step]):
            assert len(frame[5]) <= MAX
            if frame[0] == RUBBISH:
                return


def test_what_has_begun_and_what_it_lacks_is_known_as_far_as_it_can_be() -> None:
    cut = cutter()
    whole = encode(FRAMES[3])
    assert (cut.begun, cut.due) == (0, 0)
    cut.feed(whole[:5])
    assert (cut.begun, cut.due) == (20, 15), "of a header that has begun no more is known"
    cut.feed(whole[5:30])
    assert (cut.begun, cut.due) == (20 + MAX, 20 + MAX - 30)
    cut.feed(whole[30:-1])
    assert (cut.begun, cut.due) == (20 + MAX, 1)
    cut.feed(whole[-1:])
    assert (cut.begun, cut.due) == (0, 0)


def test_of_a_body_that_is_skipped_nothing_is_kept_and_the_rest_is_due() -> None:
    cut = cutter()
    cut.feed(HEADER.pack(Type.COMMIT, MAX + 1, 7, 0, 1) + b"x" * 10)
    assert (cut.begun, cut.due) == (0, MAX + 1 - 10)
    cut.feed(b"x" * (MAX + 1 - 10) + encode(FRAMES[0])[:7])
    assert (cut.begun, cut.due) == (20, 13)


def test_bodies_of_the_largest_size_are_cut_and_no_larger_ones() -> None:
    cut = FrameCutter(MAX)
    login = (Type.AUTHENTICATE, MAX, 1, 0, 0, b"l" * MAX)
    assert cut.feed(encode(login)) == [login]
    assert cut.feed(HEADER.pack(Type.AUTHENTICATE, MAX + 1, 1, 0, 0)) == [(OVERSIZE, MAX + 1, 1, 0, 0, b"")]
    admitted = cutter()
    odd = (99, MAX, 1, 0, 0, b"o" * MAX)
    assert admitted.feed(encode(odd)) == [odd]
    assert admitted.feed(HEADER.pack(99, MAX + 1, 1, 0, 0)) == [(RUBBISH, MAX + 1, 1, 0, 0, b"")]


@pytest.mark.parametrize("step", [1_000, limits.RECEIVE_BYTES, limits.RECEIVE_BYTES + 21, 1 << 20])
def test_large_bodies_are_cut_like_small_ones_and_what_they_lack_is_known(step: int) -> None:
    cut, size = cutter(), limits.RECEIVE_BYTES + 1
    cut.admit(size)
    frames = [FRAMES[0], (int(Type.COMMIT), size, 4, 0, 1, b"c" * size), *FRAMES, (99, size, 5, 0, 0, b"?" * size)]
    stream = b"".join(map(encode, frames))
    found = []
    for at in range(0, len(stream), step):
        found += cut.feed(stream[at : at + step])
        fed = min(at + step, len(stream))
        whole = sum(len(encode(frame)) for frame in frames[: len(found)])
        assert bool(cut.begun) == (fed > whole)
        if cut.begun > 20:
            assert (cut.begun, cut.due) == (len(encode(frames[len(found)])), whole + cut.begun - fed)
    assert found == frames
