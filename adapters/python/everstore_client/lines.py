"""A journal's text to lines: all at once, or as its parts arrive. Each byte is looked at a fixed number of times."""

from __future__ import annotations

from .errors import UnreadableEvent


class WholeLines:
    """Cuts parts anew, so that each piece is one or more whole lines without the last one's newline.

    What is left over stays a list: one long line over many parts would otherwise be copied for each of them.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def feed(self, part: bytes) -> bytes:
        """The whole lines that the part completed; empty when it completed none."""
        head, newline, tail = part.rpartition(b"\n")
        if not newline:
            self._rest.append(part)
            return b""
        piece = b"".join((*self._rest, head))
        self._rest = [tail]
        return piece

    def finish(self) -> bytes:
        """The last line, when the last part did not end in its end."""
        return without_end(b"".join(self._rest))


def without_end(data: bytes) -> bytes:
    """A server may end the last line with nothing, a newline or a NUL."""
    return data[:-1] if data.endswith((b"\n", b"\0")) else data


def split(data: bytes) -> list[str]:
    """The lines of whole lines.

    Raises:
        UnreadableEvent: they are not UTF-8.
    """
    data = without_end(data)
    if not data:
        return []
    try:
        return data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise UnreadableEvent(f"events are not UTF-8: {error}; read_raw gives their bytes") from error
