"""Looks at all clients once a second, and closes those whose time is up. On the way of a request nothing is timed."""

from __future__ import annotations

from collections.abc import Mapping

import trio

from everstore import limits
from everstore.supervisor.client import Client
from everstore.supervisor.complaints import Complaints
from everstore.supervisor.memory import Memory


class Watch:
    """Over `clients`, as they come and go."""

    def __init__(self, clients: Mapping[int, Client], memory: Memory, complaints: Complaints) -> None:
        self._clients = clients
        self._memory = memory
        self._complaints = complaints

    async def keep(self) -> None:
        """For ever."""
        while True:
            await trio.sleep(limits.WATCH_S)
            await self._look_at_all()
            self._complaints.tell_the_rest()

    async def _look_at_all(self) -> None:
        for number, client in enumerate(list(self._clients.values())):
            if number % limits.WATCH_AT_ONCE == 0:
                # Others are served in between: ten thousand looks in a row take as long as a hundred requests.
                await trio.lowlevel.checkpoint()
            why = client.patience.look(trio.current_time(), client.seen(), self._memory.scarce)
            if why:
                self._complaints.warn(f"closed: {why}", connection=client.number, peer=client.peer)
                client.hang_up()
