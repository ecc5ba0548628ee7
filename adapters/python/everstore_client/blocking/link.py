"""One socket of a connection, and the conversation over it. Whoever uses it holds the connection's lock.

Error handling: what the socket or the peer does wrong ends the conversation, and with it every request in flight on it.
"""

from __future__ import annotations

import selectors
import socket
import ssl

from ..conversation import Conversation
from ..errors import ConnectionLost, EverstoreError, ProtocolError

_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_READ = selectors.EVENT_READ
_READ_AND_WRITE = selectors.EVENT_READ | selectors.EVENT_WRITE


class Link:
    """`selector`: what waits for the socket."""

    def __init__(self, sock: socket.socket, conversation: Conversation, selector: selectors.BaseSelector) -> None:
        self.conversation = conversation
        self.socket = sock
        self._selector = selector
        self._unsent = memoryview(b"")
        self._watched = _READ
        sock.setblocking(False)
        selector.register(sock, _READ, self)

    @property
    def is_lost(self) -> bool:
        return self.conversation.is_lost

    def watch(self) -> None:
        """Wait for what can happen next."""
        events = _READ_AND_WRITE if self._unsent else _READ
        if self._watched != events:
            self._selector.modify(self.socket, events, self)
            self._watched = events

    def receive(self, buffer: memoryview) -> None:
        """Take in what is there."""
        if self.is_lost:
            return
        try:
            count = self.socket.recv_into(buffer)
            if count == 0:
                raise ConnectionLost("the server closed the connection")
            self.conversation.receive(buffer[:count])
        except _NOT_NOW:
            return
        except OSError as error:
            self.lose(error if isinstance(error, ConnectionLost) else ConnectionLost(str(error)))
        except ProtocolError as error:
            self.lose(error)
        except BaseException:
            self.lose(ConnectionLost("the connection was interrupted while an answer was taken in"))
            raise

    def send(self) -> bool:
        """Send without waiting; False when something is left that did not fit."""
        try:
            while not self.is_lost and (self._unsent or self._said()):
                self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except _NOT_NOW:
            return False
        except OSError as error:
            self.lose(ConnectionLost(str(error)))
        except BaseException:
            self.lose(ConnectionLost("the connection was interrupted while a request was sent"))
            raise
        return True

    def lose(self, error: EverstoreError) -> None:
        self.conversation.lose(error)

    def close(self) -> None:
        self._selector.unregister(self.socket)
        self.socket.close()

    def _said(self) -> bool:
        self._unsent = memoryview(self.conversation.outgoing())
        return bool(self._unsent)
