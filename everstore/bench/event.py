"""What is written: the same event to every contender, to the journals in the same order."""

from __future__ import annotations

TYPE = b"examples.Deposited"
DATA = b'{"amount":125,"currency":"SEK","reference":"5b0c7a52-0f6e-4c3c-9a53-9a3c2f0de0a1","by":"pa@speedledger.se"}'
LINE = TYPE + b" " + DATA

_STRIDE = 611_953
"""A prime: each journal has its turn, and neighbours in time are none on the disk."""


def journal(number: int) -> bytes:
    """The name of a journal, as Everstore spells it."""
    return b"/account/%d" % number


def turn(operation: int, journals: int) -> int:
    """Which of so many journals an operation writes to."""
    return operation * _STRIDE % journals
