"""A client that does nothing but its work, and how long each piece of it took: what an attack costs everybody else."""

from __future__ import annotations

import time
from collections.abc import Callable

from support.wire import Client

NEWCOMER_EVERY = 20
"""Requests between two connections: whoever comes during an attack has to get in, too."""


class Honest:
    """Commits an event, asks whether it is there, over one connection; now and then over a new one.

    `took`, `arriving_took`: seconds for each piece of work over the connection that is there, and with a new one;
    `wrong`: what was refused, or not there afterwards.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._client = Client(port)
        self._number = 0
        self.took: list[float] = []
        self.arriving_took: list[float] = []
        self.wrong: list[str] = []

    def work(self, count: int, beside: Callable[[], object]) -> float:
        """So many pieces of work; returns the p99 of those over the connection that is there, in seconds. `beside` is
        called now and then, and not timed.
        """
        self.took.clear()
        self.arriving_took.clear()
        for _ in range(count):
            self._number += 1
            arriving = self._number % NEWCOMER_EVERY == 0
            start = time.perf_counter()
            self._do(self._number)
            (self.arriving_took if arriving else self.took).append(time.perf_counter() - start)
            if arriving:
                beside()
        return sorted(self.took)[len(self.took) * 99 // 100]

    def _do(self, number: int) -> None:
        try:
            if number % NEWCOMER_EVERY == 0:
                self._client.close()
                self._client = Client(self._port)
            self._client.append(b"/honest/%d" % (number % 7), b"t %d" % number)
            if not self._client.exists(b"/honest/%d" % (number % 7)):
                self.wrong.append(f"{number} is not there")
        except (AssertionError, OSError) as error:
            self.wrong.append(f"{number}: {error!r}")
            self._client.close()
            self._client = Client(self._port)

    def all_is_there(self) -> bool:
        """Everything that was done is in the journals, once, in order."""
        expected = {b"/honest/%d" % each: [] for each in range(7)}
        for number in range(1, self._number + 1):
            expected[b"/honest/%d" % (number % 7)].append(b"t %d" % number)
        return all(self._client.events(name) == events for name, events in expected.items() if events)

    def close(self) -> None:
        self._client.close()
