"""The users, and the text that they are kept as. Pure: no file is touched here.

{"version": 1, "users": {"ada": {"role": "read-write", "prefixes": ["/orders/"], "password": "scrypt$…"}}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from everstore import limits
from everstore.log import shown
from everstore.users import hashing
from everstore.users.hashing import Hash
from everstore.wire.access import Grant

READ_ONLY = "read-only"
READ_WRITE = "read-write"
ROLES = (READ_ONLY, READ_WRITE)

_VERSION = 1
_KEYS = {"role", "prefixes", "password"}


@dataclass(frozen=True, slots=True)
class User:
    """`prefixes`: of the journals that this user may use, as `prefix` returns them; none means all."""

    name: str
    role: str
    prefixes: tuple[str, ...]
    kept: Hash

    @property
    def grant(self) -> Grant:
        return Grant(self.role == READ_WRITE, tuple(prefix.encode() for prefix in self.prefixes))


Roll: TypeAlias = Mapping[str, User]
"""Users by their names."""


class Unreadable(ValueError):
    """What is no roll; the message says what is wrong with it, and holds no secret."""


def name(text: str) -> str:
    """A user's name as it may be.

    Raises:
        ValueError: it may not; with what would be right.
    """
    if 1 <= len(text.encode(errors="surrogatepass")) <= limits.CREDENTIAL_BYTES_MAX and text.isprintable():
        return text
    raise ValueError(f"a user's name has 1 to {limits.CREDENTIAL_BYTES_MAX} bytes and no control characters")


def prefix(text: str) -> str:
    """A prefix as it may be: `/orders/`.

    Raises:
        ValueError: it may not; with what would be right.
    """
    if (
        len(text.encode(errors="surrogatepass")) <= limits.NAME_BYTES_MAX
        and text.isprintable()
        and text.startswith("/")
        and text.endswith("/")
        and "//" not in text
    ):
        return text
    raise ValueError("a prefix is a folder of journals and begins and ends with /, such as /orders/")


def check_password(password: bytes) -> bytes:
    """A password as it may be.

    Raises:
        ValueError: it may not; the message does not hold it.
    """
    if 1 <= len(password) <= limits.CREDENTIAL_BYTES_MAX:
        return password
    raise ValueError(f"a password has 1 to {limits.CREDENTIAL_BYTES_MAX} bytes, not {len(password)}")


def render(roll: Roll) -> str:
    users = {
        user.name: {"role": user.role, "prefixes": list(user.prefixes), "password": str(user.kept)}
        for user in sorted(roll.values(), key=lambda each: each.name)
    }
    return json.dumps({"version": _VERSION, "users": users}, indent=2, ensure_ascii=False) + "\n"


def parse(text: str) -> dict[str, User]:
    """What `render` has written, or a person.

    Raises:
        Unreadable
    """
    try:
        document = json.loads(text, object_pairs_hook=_without_repetition)
    except (ValueError, RecursionError) as error:
        raise Unreadable(str(error) if isinstance(error, Unreadable) else "it is not JSON") from None
    if not isinstance(document, dict) or document.get("version") != _VERSION or set(document) != {"version", "users"}:
        raise Unreadable(f'it has the keys "version", which is {_VERSION}, and "users"')
    users = document["users"]
    if not isinstance(users, dict):
        raise Unreadable('"users" is an object with a key for each user')
    return {key: _user(key, fields) for key, fields in users.items()}


def _user(key: str, fields: Any) -> User:
    if not isinstance(fields, dict) or set(fields) != _KEYS:
        raise Unreadable(f"user {shown(key)} has the keys {', '.join(sorted(_KEYS))}")
    role, prefixes, password = fields["role"], fields["prefixes"], fields["password"]
    if role not in ROLES:
        raise Unreadable(f"the role of user {shown(key)} is one of {', '.join(ROLES)}")
    if not isinstance(prefixes, list) or not all(isinstance(each, str) for each in prefixes):
        raise Unreadable(f"the prefixes of user {shown(key)} are a list of strings")
    if len(prefixes) > limits.USER_PREFIXES_MAX:
        raise Unreadable(f"user {shown(key)} has {len(prefixes)} prefixes; {limits.USER_PREFIXES_MAX} are the most")
    if not isinstance(password, str):
        raise Unreadable(f"the password of user {shown(key)} is a string")
    try:
        return User(name(key), role, tuple(map(prefix, prefixes)), hashing.parse(password))
    except ValueError as error:
        raise Unreadable(f"user {shown(key)}: {error}") from None


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Unreadable("a key stands there twice, perhaps a user")
    return found
