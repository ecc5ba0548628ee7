"""Received bytes that do not make a whole message yet.

They are kept as the pieces that came in and joined once, when the message is whole: a 16 MiB request is not copied
256 times.
"""

from __future__ import annotations

from io import BytesIO


class Pieces:
    """What is left over between two reads of a stream."""

    __slots__ = ("_pieces", "_wanted", "held")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._wanted = 0  # bytes that must be there before it is worth looking again
        self.held = 0

    @property
    def begun(self) -> int:
        """The size of the message that has begun, as far as that is known; 0 when none has."""
        return self._wanted if self.held else 0

    def join(self, data: bytes) -> bytes:
        """All that is there with `data` behind it, or nothing while that is less than what is wanted."""
        if not self._pieces and len(data) >= self._wanted:
            return data
        self._pieces.append(data)
        self.held += len(data)
        if self.held < self._wanted:
            return b""
        data = b"".join(self._pieces)
        self._pieces.clear()
        self.held = 0
        return data

    def rest(self) -> bytes:
        """All that is there."""
        return b"".join(self._pieces)

    def keep(self, rest: bytes, wanted: int) -> None:
        """Keep what was not used; `wanted` is the size of the message that it begins, as far as that is known."""
        self._wanted = wanted
        if rest:
            self._pieces.append(rest)
            self.held = len(rest)


class Growing:
    """A body of `size` bytes that is too large to be held twice: it grows in the place where it will be read."""

    __slots__ = ("_held", "missing", "size")

    def __init__(self, size: int, begun: bytes) -> None:
        self.size = size
        self.missing = size - len(begun)
        self._held = BytesIO()
        self._held.write(begun)

    def take(self, data: bytes) -> bytes:
        """Take what is missing; returns what stands behind it."""
        taken = min(self.missing, len(data))
        self._held.write(memoryview(data)[:taken])
        self.missing -= taken
        return data[taken:]

    def whole(self) -> bytes:
        assert not self.missing, "a body is read when it is whole"
        return self._held.getvalue()  # which is no copy
