from __future__ import annotations

import pytest

from everstore_client.address import Address, parse
from everstore_client.errors import BadUrl


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("everstore://", Address()),
        ("everstore://db.example", Address("db.example")),
        ("everstore://db.example/", Address("db.example")),
        ("everstore://db.example:7000", Address("db.example", 7000)),
        ("everstore://pa:s%40%2F@db:1", Address("db", 1, "pa", "s@/")),
        ("everstore://pa@db", Address("db", user="pa", password="")),
        ("everstore://[::1]:7000", Address("::1", 7000)),
        ("everstore://db?timeout=1.5&connections=2", Address("db", timeout_s=1.5, connections=2)),
        ("everstores://db", Address("db", tls=True)),
        ("everstores://db?ca=/etc/my%20ca.pem&timeout=1", Address("db", timeout_s=1.0, tls=True, ca="/etc/my ca.pem")),
    ],
)
def test_urls(url: str, address: Address) -> None:
    assert parse(url) == address


def test_arguments_go_before_the_url() -> None:
    address = parse("everstore://db?timeout=1.5&connections=2", connections=3, timeout=4)
    assert (address.connections, address.timeout_s) == (3, 4.0)


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("localhost:6929", "scheme"),
        ("postgres://db", "scheme"),
        ("everstore://db/users", "path"),
        ("everstore://db#x", "path"),
        ("everstore://db:x", "port"),
        ("everstore://db:0", "port"),
        ("everstore://db:65536", "port"),
        ("everstore://[::1", "host"),
        ("everstore://db?timout=1", "timout"),
        ("everstore://db?timeout=soon", "timeout"),
        ("everstore://db?timeout=nan", "timeout"),
        ("everstore://db?timeout=0", "timeout"),
        ("everstore://db?connections=1.5", "connections"),
        ("everstore://db?connections=-1", "connections"),
        ("everstore://db?ca=file", "ca names a file"),
        ("everstores://db?ca=", "ca names a file"),
        ("everstore://" + "a" * 33 + ":b@db", "user"),
        ("everstore://a:" + "b" * 33 + "@db", "password"),
    ],
)
def test_a_bad_url_names_the_part(url: str, part: str) -> None:
    with pytest.raises(BadUrl, match=part):
        parse(url)


def test_no_message_shows_the_password() -> None:
    address = parse("everstore://pa:secret@[::1]:7000")
    assert str(address) == "everstore://pa@[::1]:7000"
    assert str(parse("everstores://pa:secret@db")) == "everstores://pa@db:6929"
    assert "secret" not in f"{address!r} {address}"
