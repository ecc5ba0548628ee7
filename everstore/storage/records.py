"""The commit log's bytes, pure: encoding batches, and reading a log that a crash may have left.

    0          512                                                          (all positions in sectors of 512 bytes)
    +----------+-----------------------+----------------+-- - - --+
    |  header  | record, batch 0       | batch 1        |  older  |
    +----------+-----------------------+----------------+-- - - --+

    header:  magic 8 | crc 4 | epoch 8 | workers 4 | durability 1 | clean 1 | boot id 36
    record:  magic 4 | crc 4 | payload bytes 4 | epoch 8 | sequence 4 | entries 4 | payload, zeros to a sector's edge
    entry:   name bytes 2 | kind 1 | base 8 | data bytes 4 | name | data

Each checksum (CRC-32) covers all that follows it. A record begins on a sector's edge, so that writing the next one
never touches a sector that holds an acknowledged one. The log is recycled by raising the header's epoch: records of
an older epoch are what is left of an earlier round. A log ends at the first sector that is no valid record of its
epoch, in sequence. If a valid later one stands behind that, the log is damaged: records are written one after the
other, each durable before the next.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from everstore import limits
from everstore.journal.text import Text

SECTOR_BYTES = 512

APPEND = 0
"""The bytes of one journal in a batch: `data` stands at `base`, its last byte is the NUL."""
CANCEL = 1
"""Takes back the append of the same journal and base: the file had no room for it. No data."""
NOTES = 2
"""What is to be remembered of the commits in the append of the same journal and base: see remembered.py."""

_HEADER = Struct("<8sIQIBB36s")
_HEADER_COVERED = Struct("<QIBB36s")
_HEADER_MAGIC = b"everlog1"
_RECORD = Struct("<4sIIQII")
_RECORD_COVERED = Struct("<IQII")
_RECORD_MAGIC = b"evrc"
_ENTRY = Struct("<HBQI")


@dataclass(frozen=True, slots=True)
class Header:
    """`workers`: how many there are in this run, which says whose journals stand in this log. `durable`: the epoch's
    batches are synced one by one. `clean`: the server was shut down in order. `boot`: the machine's boot id.
    """

    epoch: int
    workers: int
    durable: bool
    clean: bool
    boot: bytes

    def encode(self) -> bytes:
        covered = _HEADER_COVERED.pack(self.epoch, self.workers, self.durable, self.clean, self.boot)
        return _HEADER_MAGIC + zlib.crc32(covered).to_bytes(4, "little") + covered


class Entry(NamedTuple):
    """One journal's part of a batch."""

    kind: int
    name: bytes
    base: int
    data: bytes | Text


@dataclass(slots=True)
class Log:
    """What a log file says. `header` is None when its own bytes are not a header; `damage` names bytes that no crash
    explains.
    """

    header: Header | None
    batches: list[list[Entry]] = field(default_factory=list)
    damage: str = ""


def sectors(size: int) -> int:
    """`size` rounded up to whole sectors, in bytes."""
    return -(-size // SECTOR_BYTES) * SECTOR_BYTES


def record_bytes(entries: Iterable[Entry]) -> int:
    """The bytes that a record of these entries takes in the log."""
    return sectors(_sizes(entries)[1])


def needed_bytes(entries: Iterable[Entry]) -> int:
    """The bytes of a batch's record and of its cancellation, which must never need a checkpoint, or space."""
    heads, size = _sizes(entries)
    return sectors(size) + sectors(heads)


def _sizes(entries: Iterable[Entry]) -> tuple[int, int]:
    """Of a record before its padding: without the entries' data, and with it."""
    heads = size = _RECORD.size
    for _, name, _, data in entries:
        head = _ENTRY.size + len(name)
        heads += head
        size += head + len(data)
    return heads, size


def encode_record(epoch: int, sequence: int, entries: list[Entry]) -> Iterator[tuple[int, bytes]]:
    """A batch as one record, padded to a sector's edge: the pieces of it, and how far behind its start each stands.

    Most records are one piece. A large one's first piece, which holds the header, comes last.
    """
    size = _sizes(entries)[1]
    covered = _RECORD_COVERED.pack(size - _RECORD.size, epoch, sequence, len(entries))
    crc = zlib.crc32(covered)
    first: bytes | None = None
    at = _RECORD.size
    payload = _payload(entries)
    for piece in (b"".join(payload),) if size <= limits.PIECE_BYTES else gathered(payload):
        crc = zlib.crc32(piece, crc)
        at += len(piece)
        padded = piece + bytes(sectors(size) - size) if at == size else piece
        if first is None:
            first = padded
        else:
            yield at - len(piece), padded
    yield 0, b"".join((_RECORD_MAGIC, crc.to_bytes(4, "little"), covered, first or b""))


def _payload(entries: list[Entry]) -> Iterator[bytes]:
    for kind, name, base, data in entries:
        head = _ENTRY.pack(len(name), kind, base, len(data)) + name
        if isinstance(data, bytes):
            yield head + data
        else:
            yield head
            yield from data


def gathered(small: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in as few pieces as are not too large, at least one."""
    held: list[bytes] = []
    size = 0
    for piece in small:
        if size + len(piece) > limits.PIECE_BYTES and held:
            yield b"".join(held)
            held.clear()
            size = 0
        held.append(piece)
        size += len(piece)
    yield b"".join(held)


def decode(data: bytes) -> Log:
    """Read a whole log file."""
    header = decode_header(data)
    if header is None:
        return Log(None, damage="" if not data.strip(b"\0") else "bytes 0 to 511: not a commit log's header")
    log = Log(header)
    position = SECTOR_BYTES
    while (size := _record_at(data, position, header.epoch, len(log.batches))) is not None:
        log.batches.append(_decode_entries(data, position))
        position += size
    later = _later_record(data, position, header.epoch, len(log.batches))
    if later is not None:
        log.damage = (
            f"bytes {position} to {later - 1}: not the record of batch {len(log.batches)}, though a later one follows"
        )
    return log


def decode_header(data: bytes) -> Header | None:
    """The header of a log, of which `data` is at least the first sector; None where none stands."""
    if len(data) < SECTOR_BYTES or data[:8] != _HEADER_MAGIC:
        return None
    _, crc, epoch, workers, durable, clean, boot = _HEADER.unpack_from(data)
    if crc != zlib.crc32(data[12 : _HEADER.size]):
        return None
    return Header(epoch, workers, bool(durable), bool(clean), boot)


def _record_at(data: bytes, position: int, epoch: int, sequence: int | None) -> int | None:
    """The bytes of the record at `position`, if one of this epoch and sequence (None: any) stands there whole."""
    if data[position : position + 4] != _RECORD_MAGIC or len(data) - position < _RECORD.size:
        return None
    _, crc, payload_bytes, its_epoch, its_sequence, _ = _RECORD.unpack_from(data, position)
    end = position + _RECORD.size + payload_bytes
    if its_epoch != epoch or sequence not in (None, its_sequence) or end > len(data):
        return None
    return sectors(end - position) if zlib.crc32(data[position + 8 : end]) == crc else None


def _later_record(data: bytes, position: int, epoch: int, sequence: int) -> int | None:
    """Where behind `position` a whole record of this epoch with a sequence of at least `sequence` stands."""
    for at in range(position, len(data), SECTOR_BYTES):
        if _record_at(data, at, epoch, None) is not None and _RECORD.unpack_from(data, at)[4] >= sequence:
            return at
    return None


def _decode_entries(data: bytes, position: int) -> list[Entry]:
    count = _RECORD.unpack_from(data, position)[5]
    at = position + _RECORD.size
    entries: list[Entry] = []
    for _ in range(count):
        name_bytes, kind, base, data_bytes = _ENTRY.unpack_from(data, at)
        name_at = at + _ENTRY.size
        data_at = name_at + name_bytes
        at = data_at + data_bytes
        entries.append(Entry(kind, data[name_at:data_at], base, data[data_at:at]))
    return entries
