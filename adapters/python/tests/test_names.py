from __future__ import annotations

import pytest

from everstore_client.errors import InvalidJournalName, NotAcceptable
from everstore_client.names import event_type, journal_bytes, prefix_bytes


@pytest.mark.parametrize(
    "name", ["/a", "/user/42", "/å/ß", "/a.log", "/a/b.log", "/.hidden", "/x.everstore", "/" + "a" * 200, "/a b"]
)
def test_names_that_may_be(name: str) -> None:
    assert journal_bytes(name) == name.encode()


@pytest.mark.parametrize(
    ("name", "flaw"),
    [
        ("", "0 bytes"),
        ("/", "1 bytes"),
        ("user", "does not start with /"),
        ("/user/", "ends in /"),
        ("/a//b", "//"),
        ("/../etc", ".."),
        ("/a..b", ".."),
        ("/a/./b", "component is ."),
        ("/a\0b", "control character"),
        ("/a\nb", "control character"),
        ("/a\x7f", "control character"),
        ("/a\x85", "control character"),
        ("/" + "a" * 201, "over 200 bytes"),
        ("/" + "å" * 101, "over 200 bytes"),
        ("/" + "/".join(["a" * 200] * 6), "1206 bytes"),
        ("/a.log/b", ".log"),
        ("/.everstore", "own folder"),
        ("/.everstore/x", "own folder"),
        ("/\ud800", "no UTF-8 form"),
    ],
)
def test_names_that_may_not_be(name: str, flaw: str) -> None:
    with pytest.raises(InvalidJournalName, match=flaw.replace(".", r"\.")) as failure:
        journal_bytes(name)
    assert failure.value.code == 8


def test_any_text_is_a_prefix_unless_it_is_over_long() -> None:
    assert prefix_bytes("") == b""
    assert prefix_bytes("/us") == b"/us"
    for prefix in ("/" * 1025, "\ud800"):
        with pytest.raises(InvalidJournalName):
            prefix_bytes(prefix)


@pytest.mark.parametrize("name", ["a", "user.Created", "examples.Outer$Inner", "å"])
def test_types_that_may_be(name: str) -> None:
    assert event_type(name) == name


@pytest.mark.parametrize("name", ["", "a b", "a,b", "a\nb", "a\0", "a\tb", "\x7f", "\ud800"])
def test_types_that_may_not_be(name: str) -> None:
    with pytest.raises(NotAcceptable) as failure:
        event_type(name)
    assert failure.value.code == 13
