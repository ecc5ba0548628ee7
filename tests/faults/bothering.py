"""A client that works while a call fails in a real server, and may be met by that; and what must hold afterwards."""

from __future__ import annotations

import os
import signal
from contextlib import AbstractContextManager, suppress

from support import frames
from support.frames import ERROR
from support.load import Load
from support.server import RunningServer
from support.waiting import until
from support.wire import TIMEOUT_S, Client

JOURNALS = [b"/load/%d" % number for number in range(6)]
LAST = 0xABCDEF01
"""The UID of a client's last question."""
PATIENCE_S = 0.3
"""For a connection that a fault has met, and that need not be answered."""


def wrongs_of(
    server: RunningServer,
    steady: Client,
    label: bytes,
    fault: object,
    dying: bool,
    failing: AbstractContextManager[None],
) -> list[str]:
    """What must not be, while a call fails within `failing` and a client bothers the server; and after that."""
    try:
        with failing:
            load = bother(server, label, dying)
        everything_is_served(server, steady)
        if load is not None:
            is_told_or_closed(load.client)
            load.check(steady)
    except (AssertionError, OSError) as error:
        return [f"{fault}: {type(error).__name__}: {error}\n{server.log()[-600:]}"]
    said = [line for line in server.log().splitlines() if "bug in Everstore" in line or "could not begin" in line]
    return [f"{fault}: {line}" for line in said[:1]]


def bother(server: RunningServer, label: bytes, dying: bool) -> Load | None:
    """A client that a fault may meet, and a worker that dies meanwhile if `dying`; None when it was not let in."""
    try:
        client = Client(server.port, login=False)
    except OSError:
        return None
    client.socket.settimeout(PATIENCE_S)
    load = Load(client, [*JOURNALS, b"/%s/new" % label], label)
    with suppress(AssertionError, OSError):
        client.send(frames.login())
        client.receive_exactly(3)
        on = load.open_many(12)
        if dying:
            os.kill(server.worker_pids()[0], signal.SIGKILL)
        load.send(on)
        load.receive()
    return load


def is_told_or_closed(client: Client) -> None:
    """Nobody is left waiting: a last question is answered, behind all others, or the connection ends."""
    client.socket.settimeout(TIMEOUT_S)
    received = b""
    with suppress(ConnectionError):
        client.send(frames.exists(JOURNALS[0], LAST))
        while LAST.to_bytes(4, "little") not in received and (data := client.socket.recv(1 << 16)):
            received += data
    client.close()


def serves(client: Client, journal: bytes) -> bool:
    """Error 1 is an answer, too, until a worker is back."""
    reply = client.ask(frames.exists(journal))
    return reply.kind != ERROR


def everything_is_served(server: RunningServer, steady: Client) -> None:
    """The one that was there all the time is, and so is a newcomer."""
    with Client(server.port) as newcomer:
        for journal in JOURNALS:
            for client in (steady, newcomer):
                until(lambda client=client, journal=journal: serves(client, journal), "it is served again")
