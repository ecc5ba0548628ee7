"""How long one client is waited for. Pure: what is seen of it goes in, now and then; why it is to be closed comes out.

| what it does | it is closed | while memory is scarce |
| --- | --- | --- |
| begins a request, and sends neither 4 KiB/s of it nor the rest | after 30 s | if large: after 5 s, under 256 KiB/s |
| takes no answers | never | after 5 s, if it is owed more than its share |
| says nothing, and waits for nothing | after the idle limit | after the idle limit |

Time in which the server does not read from it, for its own reasons, is not counted.
"""

from __future__ import annotations

from typing import NamedTuple

from everstore import limits


class Seen(NamedTuple):
    """`received`, `sent`: bytes so far. `due`: bytes that a begun request still lacks. `awaited`: the server would read
    from it. `quiet`: nothing is in flight, owed or begun. `greedy`: it is owed more than its share.
    `reserving`: it has room reserved for a large request.
    """

    received: int
    sent: int
    due: int
    awaited: bool
    quiet: bool
    greedy: bool
    reserving: bool


class Patience:
    """With one client, which came at `now` (monotonic seconds)."""

    def __init__(self, now: float, idle_s_max: float) -> None:
        self._idle_s_max = idle_s_max
        self._quiet_since = self._asked_at = self._took_at = now
        self._received = 0
        self._asked = (0, 0)  # of a begun request: what had been received, and what was due
        self._sent = 0

    def look(self, now: float, seen: Seen, scarce: bool) -> str:
        """Why it is to be closed, or nothing."""
        return self._sending(now, seen, scarce) or self._taking(now, seen, scarce) or self._idling(now, seen)

    def _sending(self, now: float, seen: Seen, scarce: bool) -> str:
        before, due = self._asked
        got, waited = seen.received - before, now - self._asked_at
        if not due or not seen.awaited or got >= due:
            self._ask(now, seen)
            return ""
        pressed = scarce and seen.reserving
        if waited < (limits.PRESSED_S_MAX if pressed else limits.FRAME_S_MAX):
            return ""
        if got < waited * (limits.PRESSED_BYTES_PER_S_MIN if pressed else limits.FRAME_BYTES_PER_S_MIN):
            return f"it began a request, and sent {got} of {due} bytes that were missing in {waited:.0f} seconds"
        self._ask(now, seen)
        return ""

    def _ask(self, now: float, seen: Seen) -> None:
        self._asked_at = now
        self._asked = (seen.received, seen.due if seen.awaited else 0)

    def _taking(self, now: float, seen: Seen, scarce: bool) -> str:
        if not (scarce and seen.greedy) or seen.sent != self._sent:
            self._took_at = now
            self._sent = seen.sent
        elif now - self._took_at >= limits.PRESSED_S_MAX:
            return f"memory is scarce, and it took none of its answers for {now - self._took_at:.0f} seconds"
        return ""

    def _idling(self, now: float, seen: Seen) -> str:
        if not seen.quiet or seen.received != self._received:
            self._quiet_since = now
            self._received = seen.received
        elif now - self._quiet_since >= self._idle_s_max:
            return f"it was idle for {now - self._quiet_since:.0f} seconds (--idle-timeout)"
        return ""
