"""Tells systemd that the server is ready, where a unit with `Type=notify` started it."""

from __future__ import annotations

import os
import socket

from everstore import log


def tell_systemd_ready() -> None:
    """Say READY=1 to the socket that NOTIFY_SOCKET names, if it does, as in sd_notify(3)."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.sendto(b"READY=1", address)
    except OSError as error:
        log.warning(f"NOTIFY_SOCKET: systemd could not be told that the server is ready: {error.strerror}")
