from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore.storage.records import APPEND, CANCEL, NOTES, Entry
from everstore.storage.remembered import NOBODY, NOTHING, Outcomes, Remembered, Types, decode, encode, note

CLIENT = b"c" * 16
NUMBERS = st.integers(0, 2**64 - 1)
TYPES = st.dictionaries(st.binary(max_size=20), NUMBERS, max_size=4)
KNOWN = st.builds(
    Remembered,
    st.dictionaries(st.binary(max_size=30), st.builds(Types, NUMBERS, NUMBERS, TYPES), max_size=4),
    st.dictionaries(
        st.binary(min_size=16, max_size=16),
        st.builds(Outcomes, NUMBERS, st.dictionaries(NUMBERS, NUMBERS, max_size=4)),
        max_size=4,
    ),
    st.booleans(),
)
SOME = Remembered({b"/a": Types(56, 28, {b"A": 28, b"B": 56})}, {CLIENT: Outcomes(3, {3: 56, 7: 90})})


@given(KNOWN, st.integers(0, 2**63))
def test_what_was_known_when_an_epoch_began_is_known_to_a_successor(known: Remembered, epoch: int) -> None:
    assert decode(encode(known, epoch, 10**6), epoch) == known


def test_the_file_of_an_epoch_that_has_not_begun_says_no_less() -> None:
    assert decode(encode(SOME, 9, 10**6), 8) == SOME


def test_the_file_of_an_earlier_epoch_says_nothing() -> None:
    assert decode(encode(SOME, 8, 10**6), 9) == NOTHING
    assert decode(b"", 9) == NOTHING


def test_any_bit_that_has_flipped_is_found() -> None:
    data = encode(SOME, 9, 10**6)
    for bit in range(len(data) * 8):
        spoilt = bytearray(data)
        spoilt[bit // 8] ^= 1 << bit % 8
        assert decode(bytes(spoilt), 9) == Remembered(complete=False), bit
    for size in range(1, len(data)):
        assert decode(data[:size], 9) == Remembered(complete=False), size


def test_types_for_which_there_is_no_room_are_left_out_the_oldest_first() -> None:
    many = Remembered({b"/%d" % each: Types(9, 0, {b"A": 9}) for each in range(9)}, SOME.clients)
    found = decode(encode(many, 1, 100), 1)
    assert list(found.journals) == [b"/8", b"/7"]
    assert found.clients == SOME.clients


def batch(name: bytes, base: int, *notes: bytes) -> list[Entry]:
    return [Entry(APPEND, name, base, b"-"), Entry(NOTES, name, base, b"".join(notes))]


def test_notes_add_to_what_was_known() -> None:
    known = Remembered({b"/a": Types(28, 0, {b"A": 28, b"B": 10})}, {CLIENT: Outcomes(1, {1: 28})})
    known.add(
        [
            batch(b"/a", 28, note(56, CLIENT, 2, 1, {b"B"}), note(84, NOBODY, 0, 0, {b"C"})),
            batch(b"/a", 84, note(112, CLIENT, 3, 2, {b"C"})),
        ]
    )
    assert known.journals == {b"/a": Types(112, 0, {b"A": 28, b"B": 56, b"C": 112})}
    assert known.clients == {CLIENT: Outcomes(2, {1: 28, 2: 56, 3: 112})}


@pytest.mark.parametrize("times", [1, 2])
def test_adding_notes_twice_changes_nothing(times: int) -> None:
    known = Remembered()
    for _ in range(times):
        known.add([batch(b"/a", 28, note(56, CLIENT, 2, 1, {b"B"})), batch(b"/a", 56, note(84, CLIENT, 3, 1, {b"B"}))])
    assert known == Remembered({b"/a": Types(84, 28, {b"B": 84})}, {CLIENT: Outcomes(1, {2: 56, 3: 84})})


def test_of_commits_that_were_not_noted_no_types_are_known() -> None:
    known = Remembered({b"/a": Types(28, 0, {b"A": 28})})
    known.add([batch(b"/a", 56, note(84, NOBODY, 0, 0, {b"B"}))])
    assert known.journals == {b"/a": Types(84, 56, {b"B": 84})}


def test_what_was_taken_back_was_not_done() -> None:
    both = batch(b"/a", 0, note(28, CLIENT, 1, 0, {b"A"})) + batch(b"/b", 0, note(28, CLIENT, 2, 0, {b"A"}))
    known = Remembered()
    known.add([both, [Entry(CANCEL, b"/b", 0, b"")]])
    assert known == Remembered({b"/a": Types(28, 0, {b"A": 28})}, {CLIENT: Outcomes(0, {1: 28})})


def test_what_several_logs_knew_is_complete_only_if_each_was() -> None:
    known = Remembered({b"/b": Types(1, 1)}, {b"d" * 16: Outcomes()})
    known.join(SOME)
    assert known == Remembered(
        {b"/b": Types(1, 1), **SOME.journals}, {b"d" * 16: Outcomes(), **SOME.clients}, complete=True
    )
    known.join(Remembered(complete=False))
    assert not known.complete
