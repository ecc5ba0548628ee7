"""A pool of shared connections, and further ones that a long read has for itself; the twin of the blocking one."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup

from ..address import Address
from ..errors import ConnectionLost, EverstoreError, Timeout
from ..pooling import Choice, choose
from ..retry import reconnect_pauses
from ..senders import Senders
from .bell import Bell
from .connection import AsyncConnection


class AsyncPool:
    """Connections to one server, opened when they are needed; their tasks run in `tasks`."""

    def __init__(self, address: Address, tasks: TaskGroup) -> None:
        self.address = address
        self._tasks = tasks
        self._changed = Bell()
        self._shared: list[AsyncConnection] = []
        self._opening = 0
        self._spare: list[AsyncConnection] = []
        self._is_closed = False
        self._senders = Senders()

    async def start(self) -> None:
        """Open the first connection, in one try."""
        self._shared.append(await AsyncConnection.open(self.address, self._tasks, self._senders))

    async def take(self, together: bool = False) -> AsyncConnection:
        """A live connection, which others may use at the same time. Takes and raises what `Pool.take` does."""
        choice = self._choose(together)
        if choice is Choice.WAIT:
            await self._changed.wait_at_most(lambda: self._choose() is not Choice.WAIT, self.address.timeout_s)
            choice = self._choose()
        return choice if isinstance(choice, AsyncConnection) else await self._open_shared()

    @asynccontextmanager
    async def lease(self) -> AsyncGenerator[AsyncConnection, None]:
        """A connection that nobody else uses meanwhile. It is kept for the next lease unless the block fails."""
        self._require_open()
        connection = self._spare.pop() if self._spare else None
        if connection is None or not connection.is_alive():
            connection = await self._open(self.address.timeout_s)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def close(self) -> None:
        """Close every connection; requests in flight fail."""
        self._is_closed = True
        for connection in (*self._shared, *self._spare):
            connection.close()
        self._changed.ring()

    def _choose(self, together: bool = False) -> AsyncConnection | Choice:
        self._require_open()
        self._shared = [each for each in self._shared if each.is_alive()]
        return choose(self._shared, self._opening, self.address.connections, together)

    async def _open_shared(self) -> AsyncConnection:
        """Open one more; who cannot have it makes do with the busy ones."""
        busy = self._shared[:1]
        self._opening += 1
        try:
            connection = await self._open(0.0 if busy else self.address.timeout_s)
        except EverstoreError:
            if not busy:
                raise
            return busy[0]
        finally:
            self._opening -= 1
            self._changed.ring()
        self._shared.append(connection)
        return connection

    async def _open(self, patience_s: float) -> AsyncConnection:
        deadline = anyio.current_time() + patience_s
        for pause_s in reconnect_pauses():
            try:
                return await AsyncConnection.open(self.address, self._tasks, self._senders)
            except (ConnectionLost, Timeout):
                if self._is_closed or anyio.current_time() + pause_s >= deadline:
                    raise
                await anyio.sleep(pause_s)
        raise AssertionError("the pauses never end")

    def _keep(self, connection: AsyncConnection) -> None:
        if self._is_closed or len(self._spare) >= self.address.connections:
            connection.close()
        else:
            self._spare.append(connection)

    def _require_open(self) -> None:
        if self._is_closed:
            raise ConnectionLost("the client is closed")
