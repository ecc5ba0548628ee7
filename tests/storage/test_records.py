from __future__ import annotations

import zlib

import pytest
from support.records import whole_record

from everstore import limits
from everstore.storage.records import APPEND, CANCEL, SECTOR_BYTES, Entry, Header, decode, encode_record, record_bytes

HEADER = Header(7, workers=2, durable=True, clean=False, boot=b"b" * 36)
BATCHES = [
    [Entry(APPEND, b"/a", 0, b"2026-11-21T12:00:00.000 a 1\0"), Entry(APPEND, b"/b", 90, b"x" * 700 + b"\0")],
    [Entry(CANCEL, b"/b", 90, b"")],
    [Entry(APPEND, b"/a", 28, b"2026-11-21T12:00:00.000 a 2\0")],
]


def log_of(batches: list[list[Entry]], epoch: int = 7, size: int = 8192) -> bytes:
    records = b"".join(whole_record(epoch, number, batch) for number, batch in enumerate(batches))
    data = HEADER.encode().ljust(SECTOR_BYTES, b"\0") + records
    return data.ljust(size, b"\0")


def test_what_was_written_is_read() -> None:
    log = decode(log_of(BATCHES))
    assert (log.header, log.batches, log.damage) == (HEADER, BATCHES, "")


def test_records_begin_and_end_on_sectors_and_take_what_is_announced() -> None:
    for number, batch in enumerate(BATCHES):
        record = whole_record(7, number, batch)
        assert len(record) == record_bytes(batch)
        assert len(record) % SECTOR_BYTES == 0


@pytest.mark.parametrize("data", [b"", bytes(512), bytes(8192)])
def test_a_log_that_was_never_begun_holds_nothing(data: bytes) -> None:
    log = decode(data)
    assert (log.header, log.batches, log.damage) == (None, [], "")


def test_records_of_an_earlier_epoch_are_nothing() -> None:
    assert decode(log_of(BATCHES, epoch=6)).batches == []
    current = log_of(BATCHES[:1])
    older = log_of(BATCHES, epoch=6)
    mixed = current[: len(current.rstrip(b"\0")) + SECTOR_BYTES] + older[len(current.rstrip(b"\0")) + SECTOR_BYTES :]
    assert decode(mixed).batches == BATCHES[:1]
    assert decode(mixed).damage == ""


def test_every_truncation_leaves_whole_batches_from_the_start() -> None:
    whole = log_of(BATCHES)
    for size in range(0, 3 * SECTOR_BYTES + 1400, 7):
        log = decode(whole[:size])
        assert log.batches == BATCHES[: len(log.batches)]


def test_every_flipped_bit_is_found_or_changes_nothing() -> None:
    whole = log_of(BATCHES, size=4096)
    end = len(whole.rstrip(b"\0"))
    for position in range(end):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[position] ^= 1 << bit
            log = decode(bytes(flipped))
            if log.batches != BATCHES:
                assert log.batches == BATCHES[: len(log.batches)]
                # A torn last record looks just like this, so only what stands before another one can be told apart.
                assert log.damage or len(log.batches) == len(BATCHES) - 1
            else:
                assert log.header is None or log.header == HEADER


def test_a_whole_record_behind_a_broken_one_is_damage_and_its_bytes_are_named() -> None:
    data = bytearray(log_of(BATCHES))
    data[SECTOR_BYTES + 60] ^= 1
    second = SECTOR_BYTES + record_bytes(BATCHES[0])
    assert decode(bytes(data)).damage == (
        f"bytes {SECTOR_BYTES} to {second - 1}: not the record of batch 0, though a later one follows"
    )


def test_a_log_is_what_the_format_says_byte_by_byte() -> None:
    header = Header(7, workers=2, durable=True, clean=False, boot=b"b" * 36).encode()
    covered = (7).to_bytes(8, "little") + (2).to_bytes(4, "little") + b"\1\0" + b"b" * 36
    assert header == b"everlog1" + zlib.crc32(covered).to_bytes(4, "little") + covered
    entries = (
        b"\2\0" + b"\0" + (90).to_bytes(8, "little") + b"\3\0\0\0" + b"/a" + b"xy\0",
        b"\3\0" + b"\1" + (9).to_bytes(8, "little") + b"\0\0\0\0" + b"/bc",
    )
    payload = b"".join(entries)
    covered = len(payload).to_bytes(4, "little") + (7).to_bytes(8, "little") + b"\5\0\0\0" + b"\2\0\0\0" + payload
    record = b"evrc" + zlib.crc32(covered).to_bytes(4, "little") + covered
    assert whole_record(7, 5, [Entry(APPEND, b"/a", 90, b"xy\0"), Entry(CANCEL, b"/bc", 9, b"")]) == record.ljust(
        SECTOR_BYTES, b"\0"
    )


def test_a_large_record_is_written_in_pieces_and_its_header_last() -> None:
    batch = [Entry(APPEND, b"/%d" % number, 0, b"x" * (limits.PIECE_BYTES // 2 - 20)) for number in range(6)]
    written = list(encode_record(7, 0, batch))
    assert [at for at, _ in written][-1] == 0
    assert len(written) == 3
    assert max(len(piece) for _, piece in written) <= limits.PIECE_BYTES + SECTOR_BYTES
    assert decode(log_of([batch], size=512 * 1024)).batches == [batch]
    without_header = bytearray(log_of([batch], size=512 * 1024))
    without_header[SECTOR_BYTES : SECTOR_BYTES + len(written[-1][1])] = bytes(len(written[-1][1]))
    assert decode(bytes(without_header)).batches == []
