from __future__ import annotations

import pytest
from support.users import cheap_hash

from everstore import limits
from everstore.users.hashing import Hash, hash_of, hash_of_nobody, parse


def test_a_hash_matches_its_password_and_no_other_and_survives_its_text_form() -> None:
    kept = hash_of(b"correct horse")
    assert parse(str(kept)) == kept
    assert parse(str(kept)).matches(b"correct horse")
    assert not kept.matches(b"correct horsf")
    assert not kept.matches(b"")


def test_a_hash_is_made_with_the_limits_parameters_and_a_salt_of_its_own() -> None:
    one, other = hash_of(b"same"), hash_of(b"same")
    assert one[:3] == other[:3] == (limits.HASH_LOG_N, limits.HASH_R, limits.HASH_P) == hash_of_nobody()[:3]
    assert one.salt != other.salt
    assert one.digest != other.digest


def test_what_openssl_makes_is_what_we_make() -> None:
    """RFC 7914, test vector 2, cut to 32 bytes."""
    digest = bytes.fromhex("fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162")
    assert Hash(10, 8, 16, b"NaCl", digest).matches(b"password")


@pytest.mark.parametrize("parameters", ["17$8$1", "14$8$5", "16$8$2", "1$1$1", "14$00000008$5"])
def test_parameters_of_others_are_good(parameters: str) -> None:
    assert parse(str(cheap_hash("x")).replace("4$1$1", parameters))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "scrypt",
        "argon2$14$8$5$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "=",
        "scrypt$14$8$5$AAAA$" + "A" * 43 + "=",
        "scrypt$14$8$5$AAAAAAAAAAAAAAAAAAAAAA==$AAAA",
        "scrypt$14$8$5$????????????????????????$" + "A" * 43 + "=",
        *(
            f"scrypt${parameters}$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="
            for parameters in (
                "18$8$1",
                "17$8$2",
                "0$8$1",
                "14$0$1",
                "14$8$0",
                "-1$8$1",
                "99999999$8$1",
                "14$8",
                "a$8$1",
                "14$b$5",
                "14$8$c",
                "14$000000008$5",
            )
        ),
    ],
)
def test_what_is_no_hash_or_would_cost_too_much_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(is|holds|has) "):
        parse(text)


def test_a_hash_of_the_most_memory_that_is_allowed_can_be_verified() -> None:
    """It takes half a second and 128 MiB; what OpenSSL allows by itself is less."""
    kept = parse(str(cheap_hash("x")).replace("4$1$1", "17$8$1"))
    assert not kept.matches(b"x")
