"""The C library's heap: it keeps what is freed between what is not, for later, unless it is told otherwise."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1
_M_TOP_PAD = -2
_M_MMAP_THRESHOLD = -3

_LARGE_BYTES = 128 * 1024
"""Larger pieces are mapped one by one and so given back at once. By itself the library raises this limit to the largest
piece that was ever freed, and then keeps such pieces, too."""

_KEPT_BYTES = 256 * 1024
"""What is free at the heap's end and not given back: with half of it, each part of a long read brought 26 page faults,
with this 6, with twice as much none, and a worker came 150 KiB higher."""


def give_back() -> None:
    """Make this process, and those that it forks, give back to the system what they free."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_M_TOP_PAD, 64 * 1024)
