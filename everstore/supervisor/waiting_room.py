"""Who has come and not logged in yet, and who has to go when they become too many.

When a place is needed, the one that has waited longest at the most crowded address goes. A login takes a client some
milliseconds, a silent one waits its five seconds: so a flood from one address pushes out its own connections, and even
a client beside it on that address has as long to log in as the flood needs to fill the room. Turning the newcomer away
instead would let the silent keep everybody out.

Loopback has no bound of its own: pools of programs on this machine open many connections at once.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from everstore import limits

NOBODY = 0


class WaitingRoom:
    """The connections that wait for a login, by number, the longest waiting first at each address."""

    def __init__(self) -> None:
        self._at: dict[bytes, OrderedDict[int, None]] = {}
        self._address_of: dict[int, bytes] = {}

    def __len__(self) -> int:
        return len(self._address_of)

    def enter(self, number: int, host: str) -> int:
        """A connection from `host` has come; returns the number of the one that has to go for it, or NOBODY."""
        address = address_of(host)
        self._address_of[number] = address
        here = self._at.setdefault(address, OrderedDict())
        here[number] = None
        if len(here) > limits.LOGINS_PER_ADDRESS_MAX and address != _LOOPBACK:
            return next(iter(here))
        return self.next_to_go() if len(self) > limits.LOGINS_MAX else NOBODY

    def leave(self, number: int) -> None:
        """It has logged in, or is gone; it may have left already."""
        address = self._address_of.pop(number, None)
        if address is None:
            return
        here = self._at[address]
        del here[number]
        if not here:
            del self._at[address]

    def next_to_go(self) -> int:
        """The number of the one that goes when a place is needed, or NOBODY when none waits."""
        if not self._at:
            return NOBODY
        most_crowded = max(self._at, key=lambda address: len(self._at[address]))
        return next(iter(self._at[most_crowded]))


_LOOPBACK = b"loopback"


def address_of(host: str) -> bytes:
    """What counts as one address: the whole of it in version 4, the network (64 bits) in version 6, all of loopback."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = getattr(address, "ipv4_mapped", None)
    address = mapped or address
    if address.is_loopback:
        return _LOOPBACK
    return address.packed if address.version == 4 else address.packed[:8]
