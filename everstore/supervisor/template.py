"""The template: a copy of the supervisor from before it did anything, which stays so. Workers are forked from it.

    supervisor ── job, the worker's ends of channel and hatch, the lock ──▶ template ── clone ──▶ worker
    supervisor ◀───────────────────── process id, or an errno ────────────── template

A forked process shares its parent's memory until either writes to a page. Were workers forked from the supervisor, all
that it writes would become private memory of each worker, as would what Python does behind `os.fork`. The template
hardly ever writes: from it, a worker has a third less (docs/performance.md).

It is the supervisor's child all the same (CLONE_PARENT), which waits for it and with which it dies. It begins when the
supervisor has heard of it: one that nobody knows of must not touch a journal, and ends.

Error handling: a template that is gone, or does not answer, is replaced by a new one, be it larger.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
from contextlib import suppress
from dataclasses import asdict
from errno import EMFILE
from functools import partial
from typing import NoReturn

import orjson

from everstore import limits
from everstore.supervisor.spawn import close_all_but, die_with, fork_process, leave
from everstore.worker.loop import EXIT_DONE, Job, run

_CLONE_PARENT = 0x8000
_CLONE = {"x86_64": 56, "aarch64": 220}.get(platform.machine()) if platform.system() == "Linux" else None
"""The number of the system call. Python has no name for it; without it, workers are forked from the supervisor."""

_python = ctypes.PyDLL(None, use_errno=True)
_BEGIN = b"!"
_DESCRIPTORS = 3  # a worker's: channel, hatch, lock
_JOB_BYTES_MAX = 16 * 1024  # a path of 4 KiB, and the numbers of 256 commit logs


def fork(job: Job, lock: int) -> tuple[int, socket.socket, socket.socket]:
    """Start a worker that keeps `lock`; returns its process id and the supervisor's ends of its channel and its hatch,
    which never block.

    Raises:
        OSError: there is no process, or no descriptor, for it now.
    """
    if _templates:
        try:
            return _forked(job, lock)
        except (ConnectionError, TimeoutError):
            # Again with other sockets: a worker that it has cloned, and told nobody of, still listens at these.
            _templates.pop().end()
    return _forked(job, lock)


def _forked(job: Job, lock: int) -> tuple[int, socket.socket, socket.socket]:
    hatch, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        hatch.setblocking(False)
        return *_forked_at(theirs, job, lock), hatch
    except OSError:
        hatch.close()
        raise
    finally:
        theirs.close()


def _forked_at(hatch: socket.socket, job: Job, lock: int) -> tuple[int, socket.socket]:
    if _CLONE is None:
        kept = {lock, hatch.fileno()}
        return fork_process(f"worker {job.worker}", kept, lambda channel: run(job, channel, hatch, leave))
    ours, theirs = socket.socketpair()
    try:
        ours.setblocking(False)
        pid = _cloned(job, [theirs.fileno(), hatch.fileno(), lock])
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    with suppress(ConnectionError):  # A worker that is dead already is found so by who listens to it.
        ours.send(_BEGIN)
    return pid, ours


class _Template:
    def __init__(self) -> None:
        self.pid, self._channel = fork_process("the template", set(), partial(_live, os.getpid()))
        self._channel.settimeout(limits.TEMPLATE_S_MAX)

    def clone(self, job: Job, descriptors: list[int]) -> int:
        """The process id of a new worker.

        Raises:
            ConnectionError, TimeoutError: the template does not answer.
            OSError: there is no process for it.
        """
        socket.send_fds(self._channel, [orjson.dumps(asdict(job))], descriptors)
        answer = int.from_bytes(self._channel.recv(8), "little", signed=True)
        if answer == 0:
            raise ConnectionResetError
        if answer < 0:
            raise OSError(-answer, os.strerror(-answer))
        return answer

    def end(self) -> None:
        self._channel.close()
        with suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)


_templates: list[_Template] = []
"""The one, once there is one."""


def _cloned(job: Job, descriptors: list[int]) -> int:
    if not _templates:
        _templates.append(_Template())
    return _templates[0].clone(job, descriptors)


def _live(supervisor: int, channel: socket.socket) -> NoReturn:
    _be_called("es-template")
    with suppress(OSError):  # Of its channel: one that cannot be heard is replaced.
        while True:
            job, descriptors, _, _ = socket.recv_fds(channel, _JOB_BYTES_MAX, _DESCRIPTORS)
            if not job:
                break
            answer = _clone(supervisor, job, descriptors) if len(descriptors) == _DESCRIPTORS else -EMFILE
            for each in descriptors:
                os.close(each)
            channel.sendall(answer.to_bytes(8, "little", signed=True))
    os._exit(EXIT_DONE)


def _clone(supervisor: int, job: bytes, descriptors: list[int]) -> int:
    """The process id of a new worker, or an errno, negative."""
    # Not os.fork: the hooks that run behind it write to some hundred pages, for locks and random numbers that a worker
    # does not have. There is one thread, so no lock can be held.
    pid = int(_python.syscall(_CLONE, _CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0))
    if pid == 0:
        _begin(supervisor, Job(**orjson.loads(job)), descriptors)
    return pid if pid > 0 else -ctypes.get_errno()


def _begin(supervisor: int, job: Job, descriptors: list[int]) -> NoReturn:
    die_with(supervisor)
    close_all_but({0, 1, 2, *descriptors})
    _be_called(f"es-worker-{job.worker}")
    channel = socket.socket(fileno=descriptors[0])
    if channel.recv(1) != _BEGIN:
        os._exit(EXIT_DONE)
    run(job, channel, socket.socket(fileno=descriptors[1]), leave)


def _be_called(name: str) -> None:
    """By `ps` and `top`; at most 15 characters."""
    with suppress(OSError), open("/proc/self/comm", "w") as file:
        file.write(name)
