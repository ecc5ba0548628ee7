from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.users import cheap_hash, user

from everstore.users import roll
from everstore.users.roll import Unreadable, parse, render
from everstore.wire.access import Grant

KEPT = str(cheap_hash("s3cret"))


def document(**fields: object) -> str:
    ada = {"role": "read-write", "prefixes": [], "password": KEPT, **fields}
    return json.dumps({"version": 1, "users": {"ada": ada}})


def test_what_is_written_is_read_again() -> None:
    users = {each.name: each for each in (user("zoë", "p", "/a/", "/b/ö/"), user("bob", "q", reads_only=True))}
    assert parse(render(users)) == users
    assert list(parse(render(users))) == ["bob", "zoë"]


def test_a_user_is_granted_what_its_role_and_prefixes_say() -> None:
    assert user("a", "p").grant == Grant(True)
    assert user("a", "p").grant.is_unlimited
    assert user("a", "p", "/ö/", reads_only=True).grant == Grant(False, ("/ö/".encode(),))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", 'the keys "version"'),
        ('{"version": 2, "users": {}}', 'the keys "version"'),
        ('{"version": 1, "users": {}, "more": 1}', 'the keys "version"'),
        ('{"version": 1, "users": []}', "an object"),
        ('{"version": 1, "users": {"a": 1}}', "user a has the keys password, prefixes, role"),
        ('{"version": 1, "users": {"a": {}, "a": {}}}', "stands there twice"),
        (document(role="root"), "one of read-only, read-write"),
        (document(role=["read-only"]), "one of read-only, read-write"),
        (document(prefixes="/a/"), "a list of strings"),
        (document(prefixes=[1]), "a list of strings"),
        (document(prefixes=["/a"]), "begins and ends with /"),
        (document(prefixes=["a/"]), "begins and ends with /"),
        (document(prefixes=["/a//"]), "begins and ends with /"),
        (document(prefixes=["/a\n/"]), "begins and ends with /"),
        (document(prefixes=["/\ud800/"]), "begins and ends with /"),
        (document(prefixes=["/a/"] * 65), "64 are the most"),
        (document(password=1), "is a string"),
        (document(password="s3cret"), "user ada: is no scrypt hash"),
        (document(more=1), "has the keys"),
        (document().replace('"ada"', f'"{"a" * 33}"'), "1 to 32 bytes"),
        (document().replace('"ada"', '""'), "1 to 32 bytes"),
        (document().replace('"ada"', '"a\\u0007"'), "no control characters"),
    ],
)
def test_what_is_no_roll_is_refused_with_what_would_be_right_and_no_secret(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why) as refused:
        parse(text)
    assert "s3cret" not in str(refused.value)
    assert "$" not in str(refused.value)


@given(st.text())
def test_no_text_raises_anything_else(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)


@pytest.mark.parametrize("password", [b"", b"x" * 33])
def test_a_password_fits_into_the_protocol(password: bytes) -> None:
    with pytest.raises(ValueError, match="1 to 32 bytes") as refused:
        roll.check_password(password)
    assert "x" not in str(refused.value)


@pytest.mark.parametrize("password", [b"x", b"x" * 32])
def test_a_password_that_fits_comes_back(password: bytes) -> None:
    assert roll.check_password(password) == password


@pytest.mark.parametrize("text", ["a", "a" * 32, "ö" * 16])
def test_a_name_that_fits_comes_back(text: str) -> None:
    assert roll.name(text) == text


def test_a_user_has_so_many_prefixes_at_most_of_so_many_bytes() -> None:
    most = [f"/{number}/" for number in range(63)] + ["/" + "a" * 1022 + "/"]
    assert list(parse(document(prefixes=most))["ada"].prefixes) == most
    with pytest.raises(Unreadable):
        parse(document(prefixes=["/" + "a" * 1023 + "/"]))
