"""A file of users for tests: hashes that cost next to nothing, since no test is about guessing them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from everstore.users.hashing import Hash
from everstore.users.roll import READ_ONLY, READ_WRITE, User, render


def cheap_hash(password: str) -> Hash:
    salt = os.urandom(16)
    return Hash(4, 1, 1, salt, hashlib.scrypt(password.encode(), salt=salt, n=2**4, r=1, p=1, dklen=32))


def user(name: str, password: str, *prefixes: str, reads_only: bool = False) -> User:
    return User(name, READ_ONLY if reads_only else READ_WRITE, prefixes, cheap_hash(password))


def write_users(path: Path, *users: User) -> Path:
    """The file with exactly these users, whole at once, as the server meets it."""
    aside = path.with_suffix(".aside")
    aside.write_text(render({each.name: each for each in users}))
    aside.chmod(0o600)
    return aside.rename(path)
