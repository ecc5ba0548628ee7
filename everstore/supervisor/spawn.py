"""Forking a process of our own: a copy of this one that keeps nothing of it but its channel, the descriptors that it is
to keep, and its standard streams.
"""

from __future__ import annotations

import ctypes
import faulthandler
import gc
import os
import signal
import socket
import sys
from collections.abc import Callable
from typing import NoReturn

from everstore import log
from everstore.worker.loop import EXIT_BUG

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def fork_process(name: str, kept: set[int], live: Callable[[socket.socket], NoReturn]) -> tuple[int, socket.socket]:
    """Start a process that keeps the descriptors `kept` and does nothing but `live` on its end of a channel.

    Returns:
        Its process id, and our end of the channel, which never blocks.

    Called from the main thread only, and with no other running: the parent-death signal is tied to the forking thread.
    """
    ours, theirs = socket.socketpair()
    supervisor = os.getpid()
    # Frozen objects are never written to by the collector, so the pages they are on stay shared.
    gc.collect()
    gc.freeze()
    try:
        # Whatever can fail comes before the fork: behind it, a process would be lost that nobody speaks to.
        ours.setblocking(False)
        pid = os.fork()
    except OSError:
        ours.close()
        theirs.close()
        raise
    if pid == 0:
        try:
            _become_child(supervisor, kept | {theirs.fileno()})
            live(theirs)
        except BaseException:  # noqa: BLE001 - whatever it was, it must be logged, and end here
            log.exception(f"{name} could not begin")
        finally:
            # Only a bug leads here; it must not go on as a second supervisor.
            os._exit(EXIT_BUG)
    theirs.close()
    return pid, ours


def _become_child(supervisor: int, kept: set[int]) -> None:
    # A child ends when its channel closes. A signal to the whole group, as a terminal or systemd sends, must not
    # cut it off in a batch.
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    faulthandler.enable()  # SIGABRT then says where it hung.
    die_with(supervisor)
    close_all_but({0, 1, 2} | kept)


def die_with(supervisor: int) -> None:
    """Be killed when the supervisor dies, even while hanging in a system call."""
    if hasattr(_libc, "prctl"):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != supervisor:
        os._exit(EXIT_BUG)  # It died before we could ask.


def close_all_but(kept: set[int]) -> None:
    """Close what was inherited: clients' sockets must end when the supervisor closes them."""
    low = 0
    for fd in sorted(kept):
        if (
            low < fd
        ):  # An empty range closes everything: CPython passes its end, 0 - 1, on as the largest number there is.
            os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


def leave(code: int) -> NoReturn:
    sys.stderr.flush()
    os._exit(code)
