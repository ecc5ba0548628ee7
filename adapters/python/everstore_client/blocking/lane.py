"""A lane beside a blocking connection: opened without anybody waiting for it, by whoever leads."""

from __future__ import annotations

import selectors
import socket
from errno import EINPROGRESS

from ..conversation import Conversation
from ..errors import ConnectionLost, EverstoreError
from ..pending import Pending
from ..senders import Native
from ..wire import native_requests
from .link import Link


class Lane(Link):
    """To the worker `worker` of the server that is `native`, at the other end of the socket `beside`.

    Raises:
        ConnectionLost: there is no connection to be had.
    """

    def __init__(
        self,
        worker: int,
        native: Native,
        beside: socket.socket,
        conversation: Conversation,
        selector: selectors.BaseSelector,
    ) -> None:
        super().__init__(_connecting(beside), conversation, selector)
        self.worker = worker
        self._native = native
        self._asked: Pending | None = None

    @property
    def is_open(self) -> bool:
        """Whether requests may go over it."""
        return self._asked is not None and self._asked.done and not (self._asked.error or self.is_lost)

    def go_on(self) -> None:
        """Say what is to be said next, until it is open or lost."""
        if self.is_lost or self.conversation.is_opening:
            return
        if self._asked is None:
            found = self.conversation.native
            if found is None or found.hello != self._native.hello:
                self.lose(ConnectionLost("another server is there now"))
                return
            self._asked = self.conversation.ask(native_requests.lane(self.worker))
        elif self._asked.error:
            self.lose(self._asked.error)

    @property
    def error(self) -> EverstoreError:
        """Why it is lost."""
        return self.conversation.error or ConnectionLost("the lane is open")


def _connecting(beside: socket.socket) -> socket.socket:
    sock = socket.socket(beside.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # The server speaks first: when it can be read from, it is connected, or cannot be.
        if sock.connect_ex(beside.getpeername()) not in (0, EINPROGRESS):
            raise OSError("the connection was refused")
    except OSError as error:
        sock.close()
        raise ConnectionLost(f"no connection for a lane: {error}") from error
    return sock
