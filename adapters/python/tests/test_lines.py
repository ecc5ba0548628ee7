from __future__ import annotations

import pytest

from everstore_client.errors import UnreadableEvent
from everstore_client.lines import WholeLines, split

TEXT = 'a {"x":"å"}\nb 2\nccc 3'.encode()


def pieces(parts: list[bytes]) -> list[bytes]:
    lines = WholeLines()
    found = [piece for piece in map(lines.feed, parts) if piece]
    return [*found, last] if (last := lines.finish()) else found


@pytest.mark.parametrize("end", [b"", b"\n", b"\0"])
def test_any_cut_and_any_end_give_the_same_lines(end: bytes) -> None:
    whole = split(TEXT)
    text = TEXT + end
    assert split(text) == whole
    for at in range(len(text) + 1):
        assert [line for piece in pieces([text[:at], text[at:]]) for line in split(piece)] == whole
    single = [text[at : at + 1] for at in range(len(text))]
    assert [line for piece in pieces(single) for line in split(piece)] == whole


def test_pieces_are_as_large_as_the_parts_allow() -> None:
    assert pieces([b"a 1\nb 2\nc", b" 3\n", b"d 4"]) == [b"a 1\nb 2", b"c 3", b"d 4"]


@pytest.mark.parametrize("nothing", [b"", b"\n", b"\0"])
def test_nothing_has_no_lines(nothing: bytes) -> None:
    assert split(nothing) == []
    assert pieces([nothing]) == []


def test_bytes_that_are_not_utf8_are_told() -> None:
    with pytest.raises(UnreadableEvent):
        split(b"a \xff")
