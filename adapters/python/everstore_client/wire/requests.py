"""Each request: its numbers and strings, which `encode` turns into bytes once the byte order and the UID are known."""

from __future__ import annotations

from typing import Generic, NamedTuple, TypeVar

from ..errors import TooLarge
from ..limits import UINT32_MAX
from . import layouts
from .layouts import HEADER_BYTES, Order
from .replies import Committed, Listed, Opened

R = TypeVar("R")


class Request(NamedTuple, Generic[R]):
    """A request whose answer is an `R`. `worker` is the number that the answer to `new_transaction` carried, else 0."""

    kind: int
    numbers: tuple[int, ...]
    strings: tuple[bytes, ...]
    worker: int = 0
    properties: int = 0


def authenticate(user: bytes, password: bytes) -> Request[None]:
    return Request(layouts.AUTHENTICATE, (len(user), len(password)), (user, password))


def new_transaction(name: bytes) -> Request[Opened]:
    return Request(layouts.NEW_TRANSACTION, (len(name),), (name,))


def commit(name: bytes, worker: int, transaction: int, types: bytes, events: bytes) -> Request[Committed]:
    numbers = (len(name), len(types), len(events), transaction)
    return Request(layouts.COMMIT, numbers, (name, types, events), worker)


def rollback(name: bytes, worker: int, transaction: int) -> Request[bool]:
    return Request(layouts.ROLLBACK, (len(name), transaction), (name,), worker)


def read(name: bytes, worker: int, since: int, size: int, timestamps: bool) -> Request[bytes]:
    properties = layouts.TIMESTAMPS if timestamps else 0
    return Request(layouts.READ, (len(name), since, size), (name,), worker, properties)


def exists(name: bytes) -> Request[bool]:
    return Request(layouts.EXISTS, (len(name),), (name,))


def status(worker: int) -> Request[bytes]:
    return Request(layouts.STATUS, (), (), worker)


def list_journals(prefix: bytes, after: bytes, most: int) -> Request[Listed]:
    return Request(layouts.LIST, (len(prefix), len(after), most), (prefix, after))


def encode(request: Request[R], uid: int, order: Order) -> bytes:
    """The whole frame.

    Raises:
        TooLarge: its body has more bytes than a 32-bit size can say, or a number is past 32 bits.
    """
    kind, numbers, strings, worker, properties = request
    size = 4 * len(numbers) + sum(map(len, strings))
    if size + HEADER_BYTES > UINT32_MAX or any(number > UINT32_MAX for number in numbers):
        raise TooLarge(f"a request of {size} bytes with the numbers {numbers} is past what 32 bits can say")
    header = order.header.pack(kind, size, uid, properties, worker)
    return b"".join((header, order.pack(*numbers), *strings))
