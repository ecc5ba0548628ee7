"""The process that verifies passwords: scrypt takes a fifth of a second and 16 MiB, which no client of the supervisor
should wait for. (A thread was the alternative; but a supervisor that forks workers starts none.)

    supervisor ── length, hash, space, password ──▶ verifier
    supervisor ◀── 1 byte: 1 for right ─────────── verifier

It verifies one at a time, and runs with less claim to the processor than the workers have. What it is told it keeps
nowhere.

Error handling: a verifier that dies is started again. Who waits for one that died, or finds the queue full, gets
`Unverified`.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import NoReturn

import trio

from everstore import limits, log
from everstore.supervisor.spawn import fork_process
from everstore.users.hashing import Hash, parse
from everstore.wire.layouts import U32

_NICE = 5


class Unverified(Exception):
    """Nobody knows whether the password is right; the message says why."""


class _Question:
    __slots__ = ("asked", "done", "given_up", "right")

    def __init__(self, asked: bytes) -> None:
        self.asked = asked
        self.done = trio.Event()
        self.given_up = False
        self.right: bool | None = None


class Verifier:
    """The supervisor's end. `verify` may be called by any number of tasks while one runs `keep_alive`."""

    def __init__(self) -> None:
        self._ask, self._asked = trio.open_memory_channel[_Question](limits.LOGINS_QUEUED_MAX)

    async def verify(self, kept: Hash, password: bytes) -> bool:
        """True when it is the password that was kept.

        Raises:
            Unverified: too many wait already, or the verifier died.
        """
        question = _Question(f"{kept} ".encode() + password)
        try:
            self._ask.send_nowait(question)
        except trio.WouldBlock:
            raise Unverified(f"{limits.LOGINS_QUEUED_MAX} logins wait to be verified, the limit") from None
        try:
            await question.done.wait()
        finally:
            question.given_up = True
        if question.right is None:
            raise Unverified("the process that verifies logins has died")
        return question.right

    async def keep_alive(self) -> None:
        """Run the process, and a new one when it dies, until cancelled."""
        while True:
            try:
                pid, channel = fork_process("the verifier", set(), _serve)
            except OSError as error:
                log.error(f"the process that verifies logins could not be started: {error.strerror}")
            else:
                try:
                    await self._converse(channel)
                finally:
                    _end(pid, channel)
                log.error("the process that verifies logins has died; another one is started", pid=pid)
            await trio.sleep(limits.VERIFIER_PAUSE_S)

    async def _converse(self, channel: socket.socket) -> None:
        """Pass on questions, one after the other, until the process ends."""
        async for question in self._asked:
            if question.given_up:
                continue
            try:
                question.right = await _answer(channel, question.asked)
            finally:
                question.done.set()
            if question.right is None:
                return


async def _answer(channel: socket.socket, asked: bytes) -> bool | None:
    """What the process says; None when it says nothing any more."""
    try:
        # It has answered the last one, so nothing is in the channel, and this fits.
        channel.send(U32.pack(len(asked)) + asked)
        await trio.lowlevel.wait_readable(channel)
        answer = channel.recv(1)
    except OSError:
        return None
    return answer == b"\1" if answer else None


def _end(pid: int, channel: socket.socket) -> None:
    trio.lowlevel.notify_closing(channel)
    channel.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _serve(channel: socket.socket) -> NoReturn:
    """The process: answers until the supervisor's end is closed."""
    os.nice(_NICE)
    with channel.makefile("rb") as questions:
        while size := questions.read(U32.size):
            kept, _, password = questions.read(*U32.unpack(size)).partition(b" ")
            channel.sendall(b"\1" if parse(kept.decode()).matches(password) else b"\0")
    os._exit(0)
