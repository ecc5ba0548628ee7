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
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, NamedTuple

from .appending import Wanted, append_once
from .errors import Conflict, EverstoreError, NotAcceptable, OutcomeUnknown, TransactionEnded
from .event import PLAIN, STAMP_CHARS, Codec, Encoded, Event, check_line, encode_raw, parse_stamped
from .lines import split
from .names import NEW_JOURNAL, event_type, journal_bytes
from .operations import (
    NATIVE,
    REPEATABLE,
    Elsewhere,
    Steps,
    ask_server,
    commit,
    end_transaction,
    open_transaction,
    read_range,
)
from .registry import E
from .retry import ask_pauses
from .senders import Native
from .wire.native_replies import Outcome
from .wire.native_requests import Condition
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

    def declaring(self, types: Iterable[str] | None) -> Batch:
        """The same, with these types in place of those of its events, unless there are none given."""
        if types is not None:
            self.types = dict.fromkeys(map(event_type, types))
        return self

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
    types: Iterable[str] | None = None,
) -> Batch:
    batch = Batch()
    batch.add(encode_all(codec, events, type, data))
    return batch.declaring(types)


def raw_batch_of(lines: Iterable[str], types: Iterable[str] | None = None) -> Batch:
    batch = Batch()
    batch.add(map(encode_raw, lines))
    return batch.declaring(types)


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
        """Where nothing is open on the server, a lost connection is no reason not to read."""
        self._must_be_open()
        for pause_s in ask_pauses():
            try:
                return (yield from read_range(self.journal, self._opened, since, timestamps))
            except REPEATABLE:
                if self._opened.transaction != NATIVE:
                    raise
            yield Elsewhere(pause_s)
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
            size = yield from self._write(declared, text)
        except Conflict:
            self._state = State.ROLLED_BACK
            raise
        except OutcomeUnknown:
            raise
        except EverstoreError:
            yield from self._rollback_steps()
            raise
        self._state = State.COMMITTED
        return size

    def _write(self, declared: tuple[str, ...], text: bytes) -> Steps[int]:
        native = (yield from ask_server()) if self._opened.transaction == NATIVE else None
        if native is not None:
            unchanged = Unchanged(self.size, declared)
            return (yield from append_native(native, self._codec, self.journal, text, declared, unchanged))
        success, size = yield from commit(self._name, self._opened, declared, text)
        if not success:
            raise Conflict(self.journal, declared, size)
        return size

    def _rollback_steps(self) -> Steps[None]:
        """Give it up; the server is only told, so this cannot fail."""
        self._state = State.ROLLED_BACK
        yield from end_transaction(self._name, self._opened)


def decode_text(text: bytes, codec: Codec[E], timestamps: bool) -> list[Any]:
    """The events of a journal's text: through the codec, or as `Event` where each line starts with its timestamp."""
    lines = split(text)
    return list(map(parse_stamped, lines)) if timestamps else codec.decode_lines(lines)


def open_steps(journal: str) -> Steps[Opened]:
    return (yield from open_transaction(journal_bytes(journal)))


class Unchanged(NamedTuple):
    """The condition of an append that depends on what its author has read: since this size, none of the types."""

    size: int
    types: tuple[str, ...]


def unchanged_of(after: int | None, depends: Iterable[str] | None, must_be_new: bool, batch: Batch) -> Unchanged | None:
    """The condition that `append` was given in words of its own.

    Raises:
        ValueError: they contradict each other.
    """
    if after is None:
        if depends is not None:
            raise ValueError("what an append depends on needs `after`: since which size nothing of it may have come")
        return None
    if must_be_new:
        raise ValueError("an append is either `after` a size, or to a journal that must be new")
    return Unchanged(after, tuple(batch.types if depends is None else dict.fromkeys(map(event_type, depends))))


def append_steps(
    journal: str, codec: Codec[E], must_be_new: bool, batch: Batch, unchanged: Unchanged | None = None
) -> Steps[Commit]:
    """One whole transaction that only appends: over native requests one request, which is sent until it is answered."""
    native = yield from ask_server()
    if native is None:
        return (yield from _append_by_commit(journal, codec, must_be_new, batch, unchanged))
    name, text, types = journal_bytes(journal), batch.text(), tuple(batch.types)
    if not text:
        return Commit(journal, (yield from open_transaction(name)).size, 0)
    condition = NEW if must_be_new else unchanged
    return Commit(journal, (yield from append_native(native, codec, journal, text, types, condition)), len(batch.lines))


def append_native(
    native: Native, codec: Codec[Any], journal: str, text: bytes, types: tuple[str, ...], unchanged: Unchanged | None
) -> Steps[int]:
    """The journal's size behind these events.

    Raises:
        Conflict: the condition does not hold.
    """
    if unchanged is NEW:
        condition, size, depends = Condition.NEW, 0, NEW.types
    elif unchanged and unchanged.types:
        condition, (size, depends) = Condition.UNCHANGED, unchanged
    else:
        condition, size, depends = Condition.NONE, 0, ()
    wanted = Wanted(journal_bytes(journal), text, _joined(types), condition, size, _joined(depends))
    outcome = yield from append_once(native, wanted)
    if outcome.code:
        raise Conflict(journal, depends, outcome.position, outcome.until, _events_of(outcome, codec))
    return outcome.position


def _append_by_commit(
    journal: str, codec: Codec[E], must_be_new: bool, batch: Batch, unchanged: Unchanged | None
) -> Steps[Commit]:
    """What a server that knows version 1 can do: types that are depended on are declared, too, and whatever came
    before the transaction opened counts as a conflict.
    """
    opened = yield from open_steps(journal)
    transaction = OpenTransaction(journal, opened, codec, must_be_new, batch)
    if unchanged is not None:
        if unchanged.size != opened.size:
            yield from transaction._rollback_steps()  # noqa: SLF001
            raise Conflict(journal, unchanged.types, opened.size)
        transaction.declare(*unchanged.types)
    return (yield from transaction._commit_steps(None))  # noqa: SLF001


def _joined(types: Iterable[str]) -> bytes:
    return "\n".join(types).encode()


def _events_of(outcome: Outcome, codec: Codec[E]) -> Callable[[], list[E]]:
    """Made of their lines only when somebody looks: that may fail, and the conflict is what matters."""
    return lambda: codec.decode_lines([line[STAMP_CHARS + 1 :] for line in split(outcome.text)])


NEW = Unchanged(0, (NEW_JOURNAL,))
"""The condition that the journal does not exist yet."""
