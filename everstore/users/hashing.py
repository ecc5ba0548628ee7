"""Passwords as scrypt hashes. The parameters stand in each hash, so that they can grow and old hashes stay good.

scrypt$14$8$5$<salt>$<digest>     log2 N, r, p; salt and digest in base64
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
from base64 import b64decode, b64encode
from typing import NamedTuple

from everstore import limits

_SCHEME = "scrypt"


class Hash(NamedTuple):
    """A kept password. `log_n`: the logarithm of scrypt's N."""

    log_n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    def __str__(self) -> str:
        salt, digest = (b64encode(each).decode() for each in (self.salt, self.digest))
        return f"{_SCHEME}${self.log_n}${self.r}${self.p}${salt}${digest}"

    def matches(self, password: bytes) -> bool:
        """Takes the time and the memory that the parameters say."""
        return hmac.compare_digest(_digest(password, self.log_n, self.r, self.p, self.salt), self.digest)


def hash_of(password: bytes) -> Hash:
    """A new hash, with a salt of its own."""
    log_n, r, p = limits.HASH_LOG_N, limits.HASH_R, limits.HASH_P
    salt = os.urandom(limits.HASH_SALT_BYTES)
    return Hash(log_n, r, p, salt, _digest(password, log_n, r, p, salt))


def hash_of_nobody() -> Hash:
    """One that no password is known for, and that takes as long as any other: for users that do not exist."""
    salt, digest = os.urandom(limits.HASH_SALT_BYTES), os.urandom(limits.HASH_DIGEST_BYTES)
    return Hash(limits.HASH_LOG_N, limits.HASH_R, limits.HASH_P, salt, digest)


def parse(text: str) -> Hash:
    """The hash in its text form.

    Raises:
        ValueError: it is none, or would cost more memory or time than a server can spend.
    """
    scheme, *parts = text.split("$")
    if scheme != _SCHEME or len(parts) != 5 or not all(part.isdecimal() and len(part) < 9 for part in parts[:3]):
        raise ValueError("is no scrypt hash")
    log_n, r, p = (int(part) for part in parts[:3])
    try:
        salt, digest = (b64decode(part, validate=True) for part in parts[3:])
    except binascii.Error:
        raise ValueError("holds a salt or digest that is not base64") from None
    if len(salt) < limits.HASH_SALT_BYTES or len(digest) != limits.HASH_DIGEST_BYTES:
        raise ValueError("holds a salt or digest of a wrong length")
    if not (1 <= log_n <= 24 and r and p) or not _is_affordable(2**log_n, r, p):
        raise ValueError("has parameters that no server could afford to verify")
    return Hash(log_n, r, p, salt, digest)


def _is_affordable(n: int, r: int, p: int) -> bool:
    return 128 * n * r <= limits.HASH_MEMORY_BYTES_MAX and n * r * p <= limits.HASH_WORK_MAX


def _digest(password: bytes, log_n: int, r: int, p: int, salt: bytes) -> bytes:
    # What OpenSSL allows by default is just too little for N * r = 2^18; it counts some more than N * r * 128.
    room = 2 * limits.HASH_MEMORY_BYTES_MAX
    return hashlib.scrypt(password, salt=salt, n=2**log_n, r=r, p=p, maxmem=room, dklen=limits.HASH_DIGEST_BYTES)
