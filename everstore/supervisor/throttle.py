"""Logins of one address follow each other, and after wrong ones come pauses that grow; other addresses do not notice.

An IPv6 address counts by its first 64 bits, since whoever has one has all that begin with them.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import trio

from everstore import limits
from everstore.supervisor.verifier import Unverified


class _Address:
    __slots__ = ("failed_at", "failures", "turn", "waiting")

    def __init__(self) -> None:
        self.turn = trio.Lock()
        self.waiting = 0
        self.failures = 0
        self.failed_at = 0.0

    @property
    def pause_s(self) -> float:
        """What is left of the pause behind the last wrong login."""
        if not self.failures:
            return 0.0
        pause: float = min(
            limits.FAILURE_PAUSE_S_FIRST * 2.0 ** min(self.failures - 1, 16), limits.FAILURE_PAUSE_S_LAST
        )
        return max(0.0, self.failed_at + pause - trio.current_time())


class Throttle:
    """Addresses that log in or have failed to, the one that failed last at the end."""

    def __init__(self) -> None:
        self._addresses: OrderedDict[str, _Address] = OrderedDict()

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncGenerator[None, None]:
        """Wait until a login of `host` may be looked at; meanwhile no other one of it is.

        Raises:
            Unverified: too many of it wait.
        """
        key = _key(host)
        address = self._addresses.setdefault(key, _Address())
        if address.waiting >= limits.VERIFIED_PER_ADDRESS_MAX:
            raise Unverified(f"{address.waiting} logins of its address wait, the limit")
        address.waiting += 1
        try:
            async with address.turn:
                await trio.sleep(address.pause_s)
                yield
        finally:
            address.waiting -= 1
            if not address.waiting and not address.failures:
                self._addresses.pop(key, None)

    def failed(self, host: str) -> None:
        """A login of an address that has its turn was wrong."""
        key = _key(host)
        address = self._addresses[key]
        now = trio.current_time()
        if now - address.failed_at > limits.FAILURES_FORGOTTEN_S:
            address.failures = 0
        address.failures += 1
        address.failed_at = now
        self._addresses.move_to_end(key)
        self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        if len(self._addresses) > limits.FAILING_ADDRESSES_MAX:
            quiet = (key for key, address in self._addresses.items() if not address.waiting)
            self._addresses.pop(next(quiet, ""), None)


def _key(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
