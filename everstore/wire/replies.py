"""Encoding replies: each function returns one whole frame. `worker` is the number of the worker that answers, from 1
on.
"""

from __future__ import annotations

from struct import Struct

from everstore.errors import Code
from everstore.wire.layouts import MULTIPART, Type

_HEADER_1 = Struct("<6I")
_HEADER_2 = Struct("<7I")
_HEADER_BYTE = Struct("<5IB")


def error(uid: int, worker: int, code: Code) -> bytes:
    return _HEADER_1.pack(Type.ERROR, 4, uid, 0, worker, code)


def new_transaction(uid: int, worker: int, journal_size: int, transaction: int) -> bytes:
    return _HEADER_2.pack(Type.NEW_TRANSACTION, 8, uid, 0, worker, journal_size, transaction)


def commit(uid: int, worker: int, success: bool, journal_size: int) -> bytes:
    return _HEADER_2.pack(Type.COMMIT, 8, uid, 0, worker, success, journal_size)


def rollback(uid: int, worker: int) -> bytes:
    return _HEADER_BYTE.pack(Type.ROLLBACK, 1, uid, 0, worker, 1)


def exists(uid: int, worker: int, there: bool) -> bytes:
    return _HEADER_BYTE.pack(Type.EXISTS, 1, uid, 0, worker, there)


def read_part(uid: int, worker: int, data: bytes, more: bool) -> bytes:
    """A read's reply, or one part of it: `more` says that further parts follow."""
    return _HEADER_1.pack(Type.READ, 4 + len(data), uid, MULTIPART if more else 0, worker, len(data)) + data


def status(uid: int, worker: int, text: bytes) -> bytes:
    return _HEADER_1.pack(Type.STATUS, 4 + len(text), uid, 0, worker, len(text)) + text


def listing(uid: int, worker: int, names: bytes, more: bool) -> bytes:
    return _HEADER_2.pack(Type.LIST, 8 + len(names), uid, 0, worker, more, len(names)) + names
