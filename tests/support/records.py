"""Records of a commit log as they stand on the disk."""

from __future__ import annotations

from everstore.storage.records import Entry, encode_record, record_bytes


def whole_record(epoch: int, sequence: int, entries: list[Entry]) -> bytes:
    """All pieces of a record, each put where it belongs."""
    record = bytearray(record_bytes(entries))
    for at, piece in encode_record(epoch, sequence, entries):
        record[at : at + len(piece)] = piece
    return bytes(record)
