"""Native requests to an embedded store."""

from __future__ import annotations

from itertools import count

from everstore.errors import Code
from everstore.wire import native
from everstore.wire.layouts import HEADER, MULTIPART, WITH_TIMESTAMPS, Type
from everstore.wire.native import ALL, Append, Appends, Condition, End, Fetch, Outcome, Start
from support.embedded import Embedded

RUN = 1


def append(
    name: bytes,
    events: bytes,
    sequence: int,
    condition: int = Condition.NONE,
    position: int = 0,
    declares: bytes = b"",
    depends: bytes = b"",
) -> Append:
    return Append(sequence, position, condition, name, declares, depends, events, 0, len(events))


class Appending:
    """One client of an embedded store, which numbers its appends."""

    def __init__(self, store: Embedded, client: bytes = b"c" * 16, run: int = RUN) -> None:
        self.store = store
        self.client = client
        self.run = run
        self.answered = 0
        self._sequences = count(1)

    def request(self, *appends: Append) -> tuple[int, bytes]:
        return Type.APPEND, native.appends_body(Appends(self.client, self.run, self.answered, list(appends)))

    def send(self, *appends: Append) -> list[Outcome]:
        answer = self.store.ask(self.request(*appends))[0]
        assert answer.kind == Type.APPEND, answer
        return native.outcomes_of(answer.body)

    def append(self, name: bytes, events: bytes, **how: object) -> Outcome:
        """The next append of this client."""
        return self.send(append(name, events, next(self._sequences), **how))[0]  # type: ignore[arg-type]


def fetch(
    store: Embedded,
    name: bytes,
    start_is: int = Start.POSITION,
    start: int = 0,
    end: int = ALL,
    end_is: int = End.POSITION,
    types: frozenset[bytes] = frozenset(),
    stamps: bool = False,
) -> tuple[int, int, bytes]:
    """(start, end, text) of what comes, all parts joined. `AssertionError` with the error's code for an error."""
    body = native.fetch_body(Fetch(name, start_is, start, end_is, end, types))
    properties = WITH_TIMESTAMPS if stamps else 0
    store.store.begin(len(body))
    store.store.handle(1, (Type.FETCH, len(body), 7, properties, 1, body))
    ((_, reply),) = store.store.commit()
    parts = [reply] if isinstance(reply, bytes) else [each for each in reply if each]
    texts: list[bytes] = []
    for number, part in enumerate(parts, 1):
        kind, size, uid, flags, _ = HEADER.unpack_from(part)
        assert (size, uid) == (len(part) - HEADER.size, 7)
        assert kind == Type.FETCH, Code(part[HEADER.size]).name
        assert bool(flags & MULTIPART) == (number < len(parts))
        found_start, found_end, text = native.fetched(part[HEADER.size :])
        assert number == len(parts) or size == 65_536
        texts.append(text)
    return found_start, found_end, b"".join(texts)
