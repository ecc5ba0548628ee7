"""What a worker remembers of appends besides the journals: which of them clients may ask about again, and the types
that were declared lately.

So that a successor answers as it would have, each commit's part of that, a *note*, stands in the commit log beside its
bytes; and at a checkpoint all of it is written into a small file, durable before the log's next epoch begins.

    note:  end 8 | sequence 8 | answered 8 | client 16 | bytes of types 4 | types, joined by newlines

    file:  magic 8 | crc 4 | epoch 8 | complete 1 | journals 4 | clients 4 | these
    journal:  name bytes 2 | bytes of types 4 | size 8 | known from 8 | name | declarations
    declaration:  type bytes 2 | declared at 8 | type
    client:  client 16 | answered 8 | outcomes 4 | sequence 8, end 8 of each

`end` is the journal's size behind the commit. A commit of the published protocol has 16 zeros for a client. The file of
an epoch holds what was known when it began; the notes of its records add to that. Adding them twice changes nothing, so
a crash between the file and the log's new header does no harm.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from struct import Struct
from typing import Final

from everstore.journal.text import pieces
from everstore.storage.records import CANCEL, NOTES, Entry

NOBODY = bytes(16)

_NOTE = Struct("<QQQ16sI")
_MAGIC = b"everrem1"
_HEAD = Struct("<8sIQBII")
_JOURNAL = Struct("<HIQQ")
_DECLARATION = Struct("<HQ")
_CLIENT = Struct("<16sQI")
_OUTCOME = Struct("<QQ")


def path_of(worker: int) -> str:
    """The file of a worker (from 1 on), relative to the journal directory."""
    return f".everstore/worker-{worker}.remembered"


@dataclass(slots=True)
class Types:
    """Of a journal of `size` bytes: the last declaration of each type, none missing that is behind `known_from`."""

    size: int
    known_from: int
    last: dict[bytes, int] = field(default_factory=dict)


@dataclass(slots=True)
class Outcomes:
    """Of one client's appends: the journal's size behind each that was done, by its sequence. The client knows those
    below `answered`.
    """

    answered: int = 0
    done: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Remembered:
    """`complete`: no append of the last minutes is missing."""

    journals: dict[bytes, Types] = field(default_factory=dict)
    clients: dict[bytes, Outcomes] = field(default_factory=dict)
    complete: bool = True

    @property
    def says_anything(self) -> bool:
        """False when no file says the same."""
        return self != NOTHING

    def add(self, batches: list[list[Entry]]) -> None:
        """What the records of an epoch say, in their order."""
        for number, batch in enumerate(batches, 1):
            following = batches[number : number + 1]
            taken_back = {entry.name for entries in following for entry in entries if entry.kind == CANCEL}
            for entry in batch:
                if entry.kind == NOTES and entry.name not in taken_back:
                    self._add_notes(entry)

    def join(self, other: Remembered) -> None:
        """What another log's epoch has left, of other journals and clients."""
        self.journals.update(other.journals)
        self.clients.update(other.clients)
        self.complete &= other.complete

    def _add_notes(self, entry: Entry) -> None:
        types = self.journals.get(entry.name)
        if types is None or types.size < entry.base:
            types = self.journals[entry.name] = Types(entry.base, entry.base)
        for end, sequence, answered, client, declared in _notes(b"".join(pieces(entry.data))):
            types.size = max(types.size, end)
            types.last.update((each, max(end, types.last.get(each, 0))) for each in declared)
            if client != NOBODY:
                outcomes = self.clients.setdefault(client, Outcomes())
                outcomes.answered = max(outcomes.answered, answered)
                outcomes.done[sequence] = end


NOTHING: Final = Remembered()
"""What is known where there were no appends, and so what no file says, too."""


def note(end: int, client: bytes, sequence: int, answered: int, types: set[bytes]) -> bytes:
    """What the log is to say of one commit."""
    text = b"\n".join(types)
    return _NOTE.pack(end, sequence, answered, client, len(text)) + text


def _notes(data: bytes) -> list[tuple[int, int, int, bytes, list[bytes]]]:
    found: list[tuple[int, int, int, bytes, list[bytes]]] = []
    at = 0
    while at < len(data):
        end, sequence, answered, client, types_bytes = _NOTE.unpack_from(data, at)
        at += _NOTE.size + types_bytes
        found.append((end, sequence, answered, client, data[at - types_bytes : at].split(b"\n")))
    return found


def encode(remembered: Remembered, epoch: int, types_bytes_max: int) -> bytes:
    """The file that is durable before `epoch` begins. Of the types only as much as that goes in, the latest journals
    first; of the others nothing is known then, and an append to them may conflict without need.
    """
    journals = _encode_journals(remembered, types_bytes_max)
    parts = [*journals]
    for client, outcomes in remembered.clients.items():
        parts.append(_CLIENT.pack(client, outcomes.answered, len(outcomes.done)))
        parts += [_OUTCOME.pack(sequence, end) for sequence, end in outcomes.done.items()]
    body = b"".join(parts)
    head = _HEAD.pack(_MAGIC, 0, epoch, remembered.complete, len(journals), len(remembered.clients))[_CRC_TO:]
    return _MAGIC + zlib.crc32(body, zlib.crc32(head)).to_bytes(4, "little") + head + body


def decode(data: bytes, epoch: int) -> Remembered:
    """What was known when `epoch` began: nothing, when the file is that of an earlier one.

    `complete` is False of a file that somebody has spoilt: no crash does, since it is replaced as a whole.
    """
    if not data:
        return Remembered()
    if data[:8] != _MAGIC or len(data) < _HEAD.size:
        return Remembered(complete=False)
    _, crc, its_epoch, complete, journals, clients = _HEAD.unpack_from(data)
    if crc != zlib.crc32(data[_CRC_TO:]):
        return Remembered(complete=False)
    if its_epoch < epoch:
        return Remembered()
    return _decode(data, bool(complete), journals, clients)


_CRC_TO = 12


def _encode_journals(remembered: Remembered, bytes_max: int) -> list[bytes]:
    parts: list[bytes] = []
    for name, types in reversed(remembered.journals.items()):
        declared = b"".join(_DECLARATION.pack(len(each), at) + each for each, at in types.last.items())
        bytes_max -= _JOURNAL.size + len(name) + len(declared)
        if bytes_max < 0:
            break
        parts.append(_JOURNAL.pack(len(name), len(declared), types.size, types.known_from) + name + declared)
    return parts


def _decode(data: bytes, complete: bool, journals: int, clients: int) -> Remembered:
    found = Remembered(complete=complete)
    at = _HEAD.size
    for _ in range(journals):
        name_bytes, types_bytes, size, known_from = _JOURNAL.unpack_from(data, at)
        name_at = at + _JOURNAL.size
        types_at = name_at + name_bytes
        at = types_at + types_bytes
        found.journals[data[name_at:types_at]] = Types(size, known_from, _declarations(data[types_at:at]))
    for _ in range(clients):
        client, answered, count = _CLIENT.unpack_from(data, at)
        done_at = at + _CLIENT.size
        at = done_at + count * _OUTCOME.size
        found.clients[client] = Outcomes(answered, dict(_OUTCOME.iter_unpack(data[done_at:at])))
    return found


def _declarations(data: bytes) -> dict[bytes, int]:
    last: dict[bytes, int] = {}
    at = 0
    while at < len(data):
        type_bytes, size = _DECLARATION.unpack_from(data, at)
        at += _DECLARATION.size + type_bytes
        last[data[at - type_bytes : at]] = size
    return last
