"""Decoding the bodies of requests. Every function takes a whole body and returns a tuple, or raises `Malformed`.

A body is right when its lengths add up to exactly its size; what the fields mean is for the handlers to judge.
"""

from __future__ import annotations

from everstore.errors import Code, Refused
from everstore.wire.layouts import U32, U32_2, U32_3, U32_4, Type


class Malformed(Refused):
    """A body whose lengths do not add up to its size."""

    def __init__(self, request: str, size: int) -> None:
        super().__init__(Code.UNKNOWN, f"the lengths in a {request} do not add up to its {size} bytes")


def login(body: bytes) -> tuple[bytes, bytes]:
    """(user, password)."""
    if len(body) >= 8:
        user_bytes, password_bytes = U32_2.unpack_from(body)
        if len(body) == 8 + user_bytes + password_bytes:
            return body[8 : 8 + user_bytes], body[8 + user_bytes :]
    raise Malformed("login", len(body))


def status(body: bytes) -> None:
    """Nothing."""
    if body:
        raise Malformed("status request", len(body))


def name_only(body: bytes) -> bytes:
    """The journal name of a new-transaction or journal-exists request."""
    if len(body) >= 4 and len(body) == 4 + U32.unpack_from(body)[0]:
        return body[4:]
    raise Malformed("request with a name", len(body))


def commit(body: bytes) -> tuple[bytes, int, bytes, int]:
    """(name, transaction UID, types, where the events begin): those may be too many to be copied out."""
    if len(body) >= 16:
        name_bytes, types_bytes, events_bytes, transaction = U32_4.unpack_from(body)
        types_at = 16 + name_bytes
        events_at = types_at + types_bytes
        if len(body) == events_at + events_bytes:
            return body[16:types_at], transaction, body[types_at:events_at], events_at
    raise Malformed("commit", len(body))


def rollback(body: bytes) -> tuple[bytes, int]:
    """(name, transaction UID)."""
    if len(body) >= 8:
        name_bytes, transaction = U32_2.unpack_from(body)
        if len(body) == 8 + name_bytes:
            return body[8:], transaction
    raise Malformed("rollback", len(body))


def read(body: bytes) -> tuple[bytes, int, int]:
    """(name, offset, journal size)."""
    if len(body) >= 12:
        name_bytes, offset, size = U32_3.unpack_from(body)
        if len(body) == 12 + name_bytes:
            return body[12:], offset, size
    raise Malformed("read", len(body))


def listing(body: bytes) -> tuple[bytes, bytes, int]:
    """(prefix, after, most)."""
    if len(body) >= 12:
        prefix_bytes, after_bytes, most = U32_3.unpack_from(body)
        if len(body) == 12 + prefix_bytes + after_bytes:
            return body[12 : 12 + prefix_bytes], body[12 + prefix_bytes :], most
    raise Malformed("list of journals", len(body))


def listing_body(prefix: bytes, after: bytes, most: int) -> bytes:
    """The body that `listing` decodes."""
    return U32_3.pack(len(prefix), len(after), most) + prefix + after


_NAME_AT = {
    Type.NEW_TRANSACTION: 4,
    Type.EXISTS: 4,
    Type.COMMIT: 16,
    Type.ROLLBACK: 8,
    Type.READ: 12,
    Type.FETCH: 26,
}
"""Where the name begins, behind its length and the other numbers, in each request that is routed by its journal."""


def routed_by_name(kind: int) -> bool:
    """True for a request that belongs to the worker of its journal."""
    return kind in _NAME_AT


def name_for_routing(kind: int, body: bytes) -> bytes:
    """The journal name in a request's body, without decoding the rest.

    Raises:
        Malformed: the body is too short to hold it.
    """
    at = _NAME_AT[Type(kind)]
    if len(body) >= at:
        end = at + U32.unpack_from(body)[0]
        if len(body) >= end:
            return body[at:end]
    raise Malformed("request with a name", len(body))
