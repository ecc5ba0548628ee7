from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everstore.errors import Refused
from everstore.journal.names import fault_of, name_of, path_of

PARTS = st.sampled_from(["a", "b", ".", "..", "a.log", ".log", "log", "", " ", "ö", ".everstore", "\x00", "\x7f", "A"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(lambda parts: ("/" + "/".join(parts)).encode())


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (b"", "2 to 1024 bytes"),
        (b"/", "2 to 1024 bytes"),
        (b"/" + b"a/" * 511 + b"aa", "2 to 1024 bytes, not 1025"),
        (b"/\xff", "byte 1 is not"),
        (b"ab", "begins with /"),
        (b"/a/", "no / at its end"),
        (b"/a//b", "no //"),
        (b"/a/../b", "no .."),
        (b"/a\nb", "no control characters"),
        ("/a\x85b".encode(), "no control characters"),
        (b"/.everstore/lock", "the server's own folder"),
        (b"/" + b"a" * 201, "at most 200 bytes"),
        (b"/a/" + b"b" * 201 + b"/c", "at most 200 bytes"),
        (b"/./a", "is not ."),
        (b"/a.log/b", "may end in .log"),
    ],
)
def test_each_rule_says_what_it_refuses(name: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason) as refused:
        path_of(name)
    assert refused.value.code == 8


@pytest.mark.parametrize(
    "name",
    [
        b"/a",
        b"/a.log",
        b"/user/42",
        b"/.hidden",
        "/ö/☂".encode(),
        b"/" + b"a" * 200,
        b"/a b",
        b"/" + b"a/" * 511 + b"a",
    ],
)
def test_a_name_and_its_path_lead_to_each_other(name: bytes) -> None:
    assert name_of(path_of(name)) == name
    assert fault_of(name) == ""


@given(NAMES, NAMES)
def test_no_two_journals_share_a_file_or_a_folder(one: bytes, other: bytes) -> None:
    if one == other or fault_of(one) or fault_of(other):
        return
    path, another = path_of(one), path_of(other)
    assert path != another
    assert not another.startswith(path + "/")


@given(st.text(max_size=30))
def test_files_that_are_no_journals_have_no_name(path: str) -> None:
    name = name_of(path)
    assert name is None or path_of(name) == path
