"""A long read, part by part: where it goes on when it broke off."""

from __future__ import annotations

from typing import Protocol

from .choice import Choice, Picker
from .event import STAMP_CHARS
from .lines import WholeLines
from .operations import NATIVE, fetch, range_request
from .wire.native_replies import Fetched
from .wire.replies import Opened
from .wire.requests import Request


class Reading(Protocol):
    """A long read: asked for until it `is_over`, or all parts of an answer have come; then it is finished."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be asked for."""

    def request(self) -> Request[bytes] | Request[Fetched]:
        """What is still to come."""

    def feed(self, part: bytes) -> bytes:
        """The whole lines that the part completed; empty when it completed none."""

    def finish(self) -> bytes:
        """What was not given yet."""

    def may_go_on(self) -> bool:
        """Whether to ask for the rest after an error."""


def reading_of(journal: str, opened: Opened, choice: Choice, timestamps: bool) -> Reading:
    """The choice of what `opened` saw of the journal."""
    if choice.is_range:
        return RangeReading(journal, opened, choice.since, timestamps)
    if opened.transaction == NATIVE:
        return ChosenReading(journal, choice, timestamps)
    return PickedReading(RangeReading(journal, opened, choice.since, timestamps=True), Picker(choice, timestamps))


class RangeReading:
    """The journal's bytes from `since` up to what `opened` saw, as pieces of whole lines.

    Each line takes its own bytes, a timestamp with its space, and its end; so whole lines tell the position behind
    them.
    """

    def __init__(self, journal: str, opened: Opened, since: int, timestamps: bool) -> None:
        self._journal = journal
        self._opened = opened
        self._timestamps = timestamps
        self._position = since
        self._lines = WholeLines()
        self._began_at = -1

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be asked for."""
        return self._position == self._opened.size

    def request(self) -> Request[bytes] | Request[Fetched]:
        """What is still to come."""
        self._began_at = self._position
        self._lines = WholeLines()
        return range_request(self._journal, self._opened, self._position, self._timestamps)

    def feed(self, part: bytes) -> bytes:
        """The whole lines that the part completed; empty when it completed none."""
        piece = self._lines.feed(part)
        if piece:
            stamps = 0 if self._timestamps else (STAMP_CHARS + 1) * (piece.count(b"\n") + 1)
            self._position += len(piece) + 1 + stamps
        return piece

    def finish(self) -> bytes:
        """The last line."""
        return self._lines.finish()

    def may_go_on(self) -> bool:
        """Whether to ask for the rest after an error: over native requests, once for each place that is reached. (In
        version 1 the server itself goes on when its worker dies.)
        """
        return self._opened.transaction == NATIVE and self._position > self._began_at


class ChosenReading:
    """What a server chooses, as pieces of whole lines. Where the lines stand is not known, but each time it is asked
    they are the same: so those that have been given are passed over.
    """

    is_over = False

    def __init__(self, journal: str, choice: Choice, timestamps: bool) -> None:
        self._request = fetch(journal, choice, timestamps)
        self._lines = WholeLines()
        self._given = self._given_before = self._passed_over = 0

    def request(self) -> Request[Fetched]:
        self._given_before = self._given
        self._passed_over = 0
        self._lines = WholeLines()
        return self._request

    def feed(self, part: bytes) -> bytes:
        piece = self._lines.feed(part)
        if piece and self._passed_over < self._given_before:
            lines = piece.split(b"\n")
            new = lines[self._given_before - self._passed_over :]
            self._passed_over += len(lines) - len(new)
            piece = b"\n".join(new)
        self._given += piece.count(b"\n") + bool(piece)
        return piece

    def finish(self) -> bytes:
        return self._lines.finish()

    def may_go_on(self) -> bool:
        return self._given > self._given_before


class PickedReading:
    """What is chosen here, of all that a server of version 1 says."""

    def __init__(self, all_of_it: RangeReading, picker: Picker) -> None:
        self._all = all_of_it
        self._picker = picker

    @property
    def is_over(self) -> bool:
        return self._all.is_over

    def request(self) -> Request[bytes] | Request[Fetched]:
        return self._all.request()

    def feed(self, part: bytes) -> bytes:
        return self._picker.pick(self._all.feed(part))

    def finish(self) -> bytes:
        return self._picker.finish(self._all.finish())

    def may_go_on(self) -> bool:
        return self._all.may_go_on()
