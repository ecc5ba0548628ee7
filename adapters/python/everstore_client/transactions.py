"""A transaction without its connection: what it holds, which states it can be in, and the steps of each operation.

| state | what happens | next |
| --- | --- | --- |
| OPEN | read, append, declare | OPEN |
| OPEN | commit is said | UNKNOWN, until the answer says otherwise |
| UNKNOWN | success | COMMITTED |
| UNKNOWN | conflict, or an error that excludes success | ROLLED_BACK |
| OPEN | rollback | ROLLED_BACK |
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from typing import Any, Generic, NamedTuple

from .errors import Conflict, EverstoreError, NotAcceptable, OutcomeUnknown, TransactionEnded
from .event import PLAIN, Codec, Encoded, Event, check_line, encode_raw, parse_stamped
from .lines import split
from .names import NEW_JOURNAL, event_type, journal_bytes
from .operations import Steps, commit, end_transaction, open_transaction, read_range
from .registry import E
from .wire.replies import Opened


class Commit(NamedTuple):
    """What a commit did: the journal, its size in bytes now (a later `since`), and how many events it appended."""

    journal: str
    size: int
    events: int


class State(enum.Enum):
    OPEN = "open"
    UNKNOWN = "of unknown outcome"
    COMMITTED = "committed"
    ROLLED_BACK = "rolled back"


class Batch:
    """The events of one commit, and the types that it declares for them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.types: dict[str, None] = {}

    def add(self, events: Iterable[Encoded]) -> None:
        """All of them, or none when one of them cannot be written down."""
        events = list(events)
        for line, _ in events:
            check_line(line)
        for line, types in events:
            self.lines.append(line)
            self.types.update(dict.fromkeys(types))

    def text(self) -> bytes:
        """The events as the commit carries them.

        Raises:
            NotAcceptable: they have no UTF-8 form.
        """
        try:
            return "\n".join(self.lines).encode()
        except UnicodeEncodeError as error:
            raise NotAcceptable(f"an event has no UTF-8 form: {error}") from error


def encode_all(
    codec: Codec[Any],
    events: Iterable[object],
    type: str | None = None,  # noqa: A002
    data: Any = None,
) -> Iterator[Encoded]:
    """The events given as objects, then the one given by its type and data."""
    yield from map(codec.encode, events)
    if type is not None:
        yield PLAIN.encode(Event(type, data))


def batch_of(
    codec: Codec[Any],
    events: Iterable[object],
    type: str | None = None,  # noqa: A002
    data: Any = None,
) -> Batch:
    batch = Batch()
    batch.add(encode_all(codec, events, type, data))
    return batch


def raw_batch_of(lines: Iterable[str]) -> Batch:
    batch = Batch()
    batch.add(map(encode_raw, lines))
    return batch


class OpenTransaction(Generic[E]):
    """What both kinds of transaction share. `size` is the journal's size in bytes as the transaction sees it."""

    def __init__(self, journal: str, opened: Opened, codec: Codec[E], must_be_new: bool, batch: Batch) -> None:
        self.journal = journal
        self.size = opened.size
        self._name = journal_bytes(journal)
        self._opened = opened
        self._codec = codec
        self._batch = batch
        self._state = State.OPEN
        self._must_be_new = must_be_new
        if must_be_new:
            self.declare(NEW_JOURNAL)

    @property
    def is_open(self) -> bool:
        """Whether it can still be used."""
        return self._state is State.OPEN

    @property
    def exists(self) -> bool:
        """Whether the journal held anything when the transaction opened."""
        return self.size > 0

    def append(self, *events: object, type: str | None = None, data: Any = None) -> None:  # noqa: A002
        """Add events to the commit; nothing is sent yet. Either objects, or one event given by `type` and `data`.

        Raises:
            UnknownEventType: the registry does not know an object's class.
            NotAcceptable: an event cannot be written down.
            TransactionEnded: it is over.
        """
        self._must_be_open()
        self._batch.add(encode_all(self._codec, events, type, data))

    def append_raw(self, *lines: str) -> None:
        """Add ready lines `type SP json`: the fast way for those who have them. Their JSON is not looked at.

        Raises:
            NotAcceptable: a line has no proper type or no data, or holds a newline or a NUL.
        """
        self._must_be_open()
        self._batch.add(map(encode_raw, lines))

    def declare(self, *types: str) -> None:
        """Let the commit conflict on these types too."""
        self._must_be_open()
        self._batch.types.update(dict.fromkeys(map(event_type, types)))

    def _must_be_open(self) -> None:
        if self._state is not State.OPEN:
            raise TransactionEnded(f"the transaction on {self.journal} is {self._state.value}")

    def _text_steps(self, since: int, timestamps: bool) -> Steps[bytes]:
        self._must_be_open()
        return (yield from read_range(self.journal, self._opened, since, timestamps))

    def _read_steps(self, since: int, timestamps: bool) -> Steps[list[Any]]:
        return decode_text((yield from self._text_steps(since, timestamps)), self._codec, timestamps)

    def _commit_steps(self, types: Iterable[str] | None) -> Steps[Commit]:
        self._must_be_open()
        batch = self._batch
        declared = tuple(batch.types if types is None else dict.fromkeys(map(event_type, types)))
        text = batch.text()
        if self._must_be_new and self.size > 0:
            yield from self._rollback_steps()
            raise Conflict(self.journal, (NEW_JOURNAL,))
        if not text:
            yield from self._rollback_steps()
            return Commit(self.journal, self.size, 0)
        return Commit(self.journal, (yield from self._decide(declared, text)), len(batch.lines))

    def _decide(self, declared: tuple[str, ...], text: bytes) -> Steps[int]:
        self._state = State.UNKNOWN
        try:
            success, size = yield from commit(self._name, self._opened, declared, text)
        except OutcomeUnknown:
            raise
        except EverstoreError:
            yield from self._rollback_steps()
            raise
        self._state = State.COMMITTED if success else State.ROLLED_BACK
        if not success:
            raise Conflict(self.journal, declared)
        return size

    def _rollback_steps(self) -> Steps[None]:
        """Give it up; the server is only told, so this cannot fail."""
        self._state = State.ROLLED_BACK
        yield end_transaction(self._name, self._opened)


def decode_text(text: bytes, codec: Codec[E], timestamps: bool) -> list[Any]:
    """The events of a journal's text: through the codec, or as `Event` where each line starts with its timestamp."""
    lines = split(text)
    return list(map(parse_stamped, lines)) if timestamps else codec.decode_lines(lines)


def open_steps(journal: str) -> Steps[Opened]:
    return (yield from open_transaction(journal_bytes(journal)))


def append_steps(journal: str, codec: Codec[E], must_be_new: bool, batch: Batch) -> Steps[Commit]:
    """One whole transaction that only appends."""
    transaction = OpenTransaction(journal, (yield from open_steps(journal)), codec, must_be_new, batch)
    return (yield from transaction._commit_steps(None))  # noqa: SLF001
