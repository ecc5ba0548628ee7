"""What the body of each reply says. Only `ProtocolError` leaves, whatever the bytes are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import ProtocolError
from . import layouts, native_replies
from .frames import Frame
from .layouts import Order


class Opened(NamedTuple):
    """A transaction was opened: the journal's size in bytes as it sees it, its UID, its worker."""

    size: int
    transaction: int
    worker: int


class Committed(NamedTuple):
    """A commit was decided: `success` is false for a conflict; `size` is the journal's size in bytes now."""

    success: bool
    size: int


class Listed(NamedTuple):
    """One page of journal names; `more` when others follow the last of them."""

    more: bool
    names: list[str]


def decode(frame: Frame, order: Order) -> Any:
    """The reply in a frame, by its type: for a read the bytes of this one part, for an error its code."""
    try:
        return _DECODERS[frame.kind](frame, order)
    except KeyError:
        raise ProtocolError(f"a reply has the unknown type {frame.kind}") from None


def _numbers(frame: Frame, order: Order, count: int) -> tuple[int, ...]:
    """The body's numbers, when it has exactly so many and nothing else."""
    if len(frame.body) != 4 * count:
        raise ProtocolError(f"a reply of type {frame.kind} has {len(frame.body)} bytes, expected {4 * count}")
    return order.numbers[count].unpack(frame.body)


def _error(frame: Frame, order: Order) -> int:
    return _numbers(frame, order, 1)[0]


def _opened(frame: Frame, order: Order) -> Opened:
    size, transaction = _numbers(frame, order, 2)
    if transaction == 0:
        raise ProtocolError("a new transaction has the UID 0")
    return Opened(size, transaction, frame.worker)


def _committed(frame: Frame, order: Order) -> Committed:
    success, size = _numbers(frame, order, 2)
    return Committed(_claim(frame, success), size)


def _byte(frame: Frame, _: Order) -> bool:
    if len(frame.body) != 1:
        raise ProtocolError(f"a reply of type {frame.kind} has {len(frame.body)} bytes, expected 1")
    return _claim(frame, frame.body[0])


def _claim(frame: Frame, value: int) -> bool:
    if value > 1:
        raise ProtocolError(f"a reply of type {frame.kind} says {value} where only 0 or 1 can stand")
    return value == 1


def _counted(frame: Frame, order: Order, numbers: int = 1) -> tuple[tuple[int, ...], bytes]:
    """The leading numbers, of which the last counts the bytes that follow, and these bytes."""
    start = 4 * numbers
    if len(frame.body) < start:
        raise ProtocolError(f"a reply of type {frame.kind} has only {len(frame.body)} bytes")
    leading: tuple[int, ...] = order.numbers[numbers].unpack_from(frame.body)
    if leading[-1] != len(frame.body) - start:
        raise ProtocolError(f"a reply of type {frame.kind} counts {leading[-1]} bytes of {len(frame.body) - start}")
    return leading, frame.body[start:]


def _text(frame: Frame, order: Order) -> bytes:
    return _counted(frame, order)[1]


def _listed(frame: Frame, order: Order) -> Listed:
    (more, _), joined = _counted(frame, order, 2)
    try:
        names = joined.decode().split("\n") if joined else []
    except UnicodeDecodeError:
        raise ProtocolError("a list of journals is not UTF-8") from None
    return Listed(_claim(frame, more), names)


_DECODERS: dict[int, Callable[[Frame, Order], Any]] = {
    layouts.ERROR: _error,
    layouts.NEW_TRANSACTION: _opened,
    layouts.COMMIT: _committed,
    layouts.ROLLBACK: _byte,
    layouts.READ: _text,
    layouts.EXISTS: _byte,
    layouts.STATUS: _text,
    layouts.LIST: _listed,
    layouts.NATIVE: native_replies.hello,
    layouts.APPEND: native_replies.outcomes,
    layouts.FETCH: native_replies.fetched,
    layouts.LANE: native_replies.lane,
}
