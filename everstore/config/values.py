"""Parsing the text of settings. Each function returns the value, or raises ValueError with what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

_UNITS = {
    "": 1,
    "b": 1,
    "kib": 1024,
    "mib": 1024**2,
    "gib": 1024**3,
    "tib": 1024**4,
    "kb": 1000,
    "mb": 1000**2,
    "gb": 1000**3,
    "tb": 1000**4,
}
_SIZE = re.compile(r"(\d+)\s*([A-Za-z]*)")

Parse = Callable[[str], Any]


def whole(low: int, high: int) -> Parse:
    """A whole number within bounds, both allowed."""

    def parse(text: str) -> int:
        if re.fullmatch(r"\d+", text) and low <= int(text) <= high:
            return int(text)
        raise ValueError(f"a whole number from {low} to {high}")

    return parse


def seconds(low: float, high: float) -> Parse:
    def parse(text: str) -> float:
        if re.fullmatch(r"\d+(\.\d+)?", text) and low <= float(text) <= high:
            return float(text)
        raise ValueError(f"a number of seconds from {low:g} to {high:g}")

    return parse


def size(low: str, high: str) -> Parse:
    """A number of bytes, with or without a unit: 16777216, 16MiB, 16 MB."""

    def parse(text: str) -> int:
        value = _bytes(text)
        if value is None or not (_bytes(low) or 0) <= value <= (_bytes(high) or 0):
            raise ValueError(f"a size from {low} to {high}, such as 16MiB or 16777216")
        return value

    return parse


def one_of(*allowed: str) -> Parse:
    def parse(text: str) -> str:
        if text in allowed:
            return text
        raise ValueError("one of " + ", ".join(allowed))

    return parse


def text(what: str, most_bytes: int) -> Parse:
    def parse(value: str) -> str:
        if 1 <= len(value.encode(errors="surrogateescape")) <= most_bytes and value.isprintable():
            return value
        raise ValueError(f"{what} of 1 to {most_bytes} bytes without control characters")

    return parse


def _bytes(text: str) -> int | None:
    match = _SIZE.fullmatch(text.strip())
    unit = _UNITS.get(match[2].lower()) if match else None
    return int(match[1]) * unit if match and unit else None
