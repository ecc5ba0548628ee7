"""Damage of several kinds at once, by chance: flipped bits, a cut end, zeros, sectors that stand elsewhere or twice."""

from __future__ import annotations

from random import Random

from everstore.storage.records import SECTOR_BYTES

FLIPS_MOST = 8


def spoilt(data: bytes, chance: Random) -> bytes:
    """Two to eight flips, and in half of all cases something worse as well."""
    changed = bytearray(data)
    for _ in range(chance.randint(2, FLIPS_MOST)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    if chance.random() < 0.5:
        chance.choice((_cut, _zero, _double, _swap))(changed, chance)
    return bytes(changed)


def _cut(data: bytearray, chance: Random) -> None:
    del data[chance.randrange(1, len(data)) :]


def _zero(data: bytearray, chance: Random) -> None:
    at = _sector(data, chance)
    count = min(SECTOR_BYTES * chance.choice((1, 1, 8)), len(data) - at)
    data[at : at + count] = bytes(count)


def _double(data: bytearray, chance: Random) -> None:
    one, other = _sector(data, chance), _sector(data, chance)
    data[one : one + SECTOR_BYTES] = data[other : other + SECTOR_BYTES]


def _swap(data: bytearray, chance: Random) -> None:
    one, other = _sector(data, chance), _sector(data, chance)
    first, second = data[one : one + SECTOR_BYTES], data[other : other + SECTOR_BYTES]
    data[one : one + SECTOR_BYTES], data[other : other + SECTOR_BYTES] = second, first


def _sector(data: bytearray, chance: Random) -> int:
    return chance.randrange(len(data) // SECTOR_BYTES) * SECTOR_BYTES
