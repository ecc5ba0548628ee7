"""A pool of shared connections, and further ones that a long read has for itself.

Error handling: the first connection is tried once, so that a wrong address is told at once. Later a server that is away
is waited for, up to the timeout, with growing pauses; a failed login never is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..address import Address
from ..errors import ConnectionLost, EverstoreError, Timeout
from ..pooling import Choice, choose
from ..retry import reconnect_pauses
from ..senders import Senders
from .connection import Connection


class Pool:
    """Connections to one server, opened when they are needed. Every method may be called by any thread."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._changed = threading.Condition()
        self._shared: list[Connection] = []
        self._opening = 0
        self._spare: list[Connection] = []
        self._is_closed = False
        self._senders = Senders()
        self._shared.append(Connection.open(address, address.timeout_s, self._senders))

    def take(self, together: bool = False) -> Connection:
        """A live connection, which others may use at the same time; `together` as `choose` has it.

        Raises:
            ConnectionLost: the server could not be reached within the timeout, or the pool is closed.
            AuthenticationFailed: it no longer lets this user in.
        """
        with self._changed:
            while not isinstance(choice := self._choose(together), Connection):
                if choice is Choice.OPEN:
                    return self._open_shared()
                if not self._changed.wait(self.address.timeout_s):
                    raise Timeout("no connection got free in time")
            return choice

    @contextmanager
    def lease(self) -> Iterator[Connection]:
        """A connection that nobody else uses meanwhile. It is kept for the next lease unless the block fails."""
        with self._changed:
            self._require_open()
            connection = self._spare.pop() if self._spare else None
        if connection is None or not connection.is_alive():
            connection = self._open(self.address.timeout_s)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._keep(connection)

    def close(self) -> None:
        """Close every connection; requests in flight fail."""
        with self._changed:
            self._is_closed = True
            closing = [*self._shared, *self._spare]
            self._shared.clear()
            self._spare.clear()
            self._changed.notify_all()
        for connection in closing:
            connection.close()

    def _choose(self, together: bool) -> Connection | Choice:
        """As `choose` says, once the chosen connection is known to be alive."""
        while True:
            self._require_open()
            choice = choose(self._shared, self._opening, self.address.connections, together)
            if isinstance(choice, Choice) or choice.is_alive():
                return choice
            self._shared.remove(choice)
            choice.close()

    def _open_shared(self) -> Connection:
        """Open one more without holding the lock; who cannot have it makes do with the busy ones."""
        busy = self._shared[:1]
        self._opening += 1
        self._changed.release()
        try:
            connection = self._open(0.0 if busy else self.address.timeout_s)
        except EverstoreError:
            if not busy:
                raise
            return busy[0]
        finally:
            self._changed.acquire()
            self._opening -= 1
            self._changed.notify_all()
        if self._is_closed:
            connection.close()
        self._shared.append(connection)
        return connection

    def _open(self, patience_s: float) -> Connection:
        deadline = time.monotonic() + patience_s
        for pause_s in reconnect_pauses():
            try:
                return Connection.open(self.address, self.address.timeout_s, self._senders)
            except (ConnectionLost, Timeout):
                if self._is_closed or time.monotonic() + pause_s >= deadline:
                    raise
                time.sleep(pause_s)
        raise AssertionError("the pauses never end")

    def _keep(self, connection: Connection) -> None:
        with self._changed:
            if not self._is_closed and len(self._spare) < self.address.connections:
                self._spare.append(connection)
                return
        connection.close()

    def _require_open(self) -> None:
        if self._is_closed:
            raise ConnectionLost("the client is closed")
