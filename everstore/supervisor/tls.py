"""TLS over a client's connection: the server's certificate, and a thin layer with what the supervisor uses of a socket.

The layer never blocks. It keeps two laws that those who wait for the socket underneath rely on: `recv` leaves nothing
behind that could be had without further bytes from the network, and `send` says that bytes are sent only when all that
they became has left. (An `ssl.SSLSocket` keeps neither.) The plain path has no part in it.

Error handling: what the peer does wrong is an OSError (`ssl.SSLError` is one), as with a socket. An end without TLS's
own goodbye is an end like any other: every frame of the protocol tells its length, so nothing can be cut off unseen.
"""

from __future__ import annotations

import socket
import ssl
from contextlib import suppress

import trio

from everstore import limits, log
from everstore.errors import ConfigError

_SEND_BYTES = 256 * 1024


class Certificate:
    """The files of a certificate and its key, and what new connections get from them.

    Raises:
        ConfigError: they cannot be used.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._certificate = certificate
        self._key = key
        self._context = self._loaded()

    def wrap(self, sock: socket.socket) -> TlsSocket:
        """A connection that was just accepted, before its handshake."""
        return TlsSocket(sock, self._context)

    def reload(self) -> None:
        """Read the files again, for connections from now on. Files that cannot be used change nothing."""
        try:
            self._context = self._loaded()
        except ConfigError as error:
            log.error(f"SIGHUP: the certificate stays as it was: {error}")
        else:
            log.info(f"SIGHUP: the certificate was read from {self._certificate}")

    def _loaded(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_RENEGOTIATION
        try:
            # Without the empty password OpenSSL would ask for that of an encrypted key, on a terminal.
            context.load_cert_chain(self._certificate, self._key, password="")
        except ssl.SSLError as error:
            why = f"{self._certificate} and {self._key} are no certificate and its key: {reason(error)}"
            raise ConfigError(f"--tls-certificate, --tls-key: {why}") from None
        except OSError as error:
            why = f"{self._certificate} or {self._key} cannot be read: {error.strerror}"
            raise ConfigError(f"--tls-certificate, --tls-key: {why}") from None
        return context


def reason(error: OSError) -> str:
    """What went wrong, in the few words that OpenSSL or the system has for it."""
    return str(getattr(error, "reason", None) or error.strerror or error)


class TlsSocket:
    """The server's side of one connection: `handshake` first, then as a non-blocking socket."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._unsent = memoryview(b"")
        self._accepted = 0  # bytes that were encrypted, and of which something has still to leave
        self._ended = False  # the peer has said goodbye
        self._is_shut = False

    def fileno(self) -> int:
        return self._sock.fileno()

    async def handshake(self) -> bytes:
        """Agree on keys; returns what the peer has sent behind its part of that.

        Raises:
            OSError: the peer does not speak TLS, or none that we accept, or is gone.
        """
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush_all()
                await self._feed()
            else:
                await self._flush_all()
                return self._decrypted()

    def recv(self, size: int) -> bytes:
        """As of a socket. All that can be decrypted comes at once, so it may be a record more than `size` bytes."""
        data = self._sock.recv(size)
        if not data or self._is_shut:
            return data
        self._incoming.write(data)
        found = self._decrypted()
        if not found and not self._ended:
            raise BlockingIOError
        return found

    def send(self, data: bytes | memoryview) -> int:
        """As of a socket. After a BlockingIOError the same bytes have to come again."""
        if not self._accepted:
            self._accepted = self._tls.write(data[:_SEND_BYTES])
        self._flush()
        accepted, self._accepted = self._accepted, 0
        return accepted

    def shutdown(self, how: int) -> None:
        """Say goodbye; what comes now is not decrypted any more."""
        if not self._is_shut:
            self._is_shut = True
            with suppress(OSError):
                self._tls.unwrap()  # It says goodbye, and then always wants to read the other's.
            with suppress(OSError):
                self._flush()
        self._sock.shutdown(how)

    def close(self) -> None:
        with suppress(OSError):
            self.shutdown(socket.SHUT_WR)
        self._sock.close()

    async def _feed(self) -> None:
        await trio.lowlevel.wait_readable(self._sock)
        with suppress(BlockingIOError):
            data = self._sock.recv(limits.RECEIVE_BYTES)
            if not data:
                raise ConnectionResetError("the connection ended")
            self._incoming.write(data)

    def _decrypted(self) -> bytes:
        found: list[bytes] = []
        try:
            while piece := self._tls.read(limits.RECEIVE_BYTES):
                found.append(piece)
        except ssl.SSLWantReadError:
            pass
        else:
            self._ended = True
            if found:
                # Nothing more will come, but the socket may stay open: so whoever waits for more is woken to hear it.
                self._sock.shutdown(socket.SHUT_RD)
        with suppress(BlockingIOError):
            self._flush()  # What TLS itself has to say, such as a new key.
        if self._outgoing.pending > limits.TLS_OWED_BYTES_MAX:
            raise ConnectionAbortedError("it asks for new keys and takes none")
        return b"".join(found)

    def _flush(self) -> None:
        while self._unsent or self._outgoing.pending:
            if not self._unsent:
                self._unsent = memoryview(self._outgoing.read())
            self._unsent = self._unsent[self._sock.send(self._unsent) :]

    async def _flush_all(self) -> None:
        while True:
            try:
                return self._flush()
            except BlockingIOError:
                await trio.lowlevel.wait_writable(self._sock)
