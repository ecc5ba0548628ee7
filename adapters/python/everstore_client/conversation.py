"""One connection's conversation, without the connection: which requests wait, and what each piece of the answers means.

A shell gives it what came (`receive`), sends what it has to say (`outgoing`), and tells it when the stream ended
(`lose`). Laws: every `Pending` is done exactly once; a UID is not used again while its answer may still come; parts of
different reads may interleave; an error ends a read even between two of its parts; the answer to a request that nobody
waits for any more is dropped.

| state | what comes | next |
| --- | --- | --- |
| GREETING | the hello | OPENING: the login and a first question are said; a login that succeeds is not answered |
| OPENING | the answer to that question | OPEN |
| OPENING | error 2 | LOST |
| any | the stream's end, rubbish, an error about nothing that was asked | LOST |
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any, TypeVar

from .errors import ConnectionLost, EverstoreError, ProtocolError, from_code
from .limits import UINT32_MAX
from .wire import layouts, requests
from .wire.frames import Frame, FrameCutter
from .wire.layouts import LITTLE, MULTIPART, Order
from .wire.replies import decode
from .wire.requests import Request, encode

R = TypeVar("R")


class State(enum.Enum):
    GREETING = "greeting"
    OPENING = "opening"
    OPEN = "open"
    LOST = "lost"


TRANSITIONS = {
    (State.GREETING, "greeted"): State.OPENING,
    (State.GREETING, "lost"): State.LOST,
    (State.OPENING, "answered"): State.OPEN,
    (State.OPENING, "lost"): State.LOST,
    (State.OPEN, "lost"): State.LOST,
    (State.LOST, "lost"): State.LOST,
}

# Any request proves the login; this one changes nothing, and the oldest servers know it.
_FIRST_QUESTION = requests.exists(b"/everstore")


class Pending:
    """A request that waits for its answer. `heard` is called for each part of a read that came, and when it is done."""

    __slots__ = ("done", "error", "heard", "kind", "parts", "reply", "uid")

    def __init__(self, uid: int, kind: int, heard: Callable[[], object] | None) -> None:
        self.uid = uid
        self.kind = kind
        self.heard = heard
        self.parts: list[bytes] = []
        self.reply: Any = None
        self.error: EverstoreError | None = None
        self.done = False

    def finish(self, reply: Any = None, error: EverstoreError | None = None) -> None:
        self.reply = reply
        self.error = error
        self.done = True
        if self.heard:
            self.heard()

    def result(self) -> Any:
        """The reply of one that is done, or its error raised; for a read the bytes of all parts not yet taken."""
        if self.error:
            raise self.error
        return b"".join(self.take_parts()) if self.kind == layouts.READ else self.reply

    def take_parts(self) -> list[bytes]:
        """The parts that came since the last call: how a stream is read."""
        parts, self.parts = self.parts, []
        return parts


class Conversation:
    """See the module. `user` and `password` are said when the server asks for a login."""

    def __init__(self, user: str, password: str) -> None:
        self.state = State.GREETING
        self.error: EverstoreError | None = None
        self._login = requests.authenticate(user.encode(), password.encode())
        self._cutter = FrameCutter()
        self._order: Order = LITTLE
        self._pending: dict[int, Pending] = {}
        self._forgotten: set[int] = set()
        self._uid = 0
        self._said: list[bytes] = []
        self.outgoing_bytes = 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their answer."""
        return len(self._pending)

    @property
    def is_lost(self) -> bool:
        return self.state is State.LOST

    def ask(self, request: Request[R], heard: Callable[[], object] | None = None) -> Pending:
        """Say a request; its answer arrives in the `Pending`.

        Raises:
            ConnectionLost: the conversation is over; the request was not said.
            TooLarge: it cannot be said.
        """
        if self.state is State.LOST:
            raise ConnectionLost(f"the connection was lost: {self.error}") from self.error
        pending = self._say(request, heard)
        self._pending[pending.uid] = pending
        return pending

    def tell(self, request: Request[R]) -> None:
        """Say a request whose answer matters to nobody. Does nothing once the conversation is over."""
        if self.state is not State.LOST:
            self._forgotten.add(self._say(request, None).uid)

    def forget(self, pending: Pending) -> None:
        """Nobody waits for it any more: its answer, should it still come, is dropped."""
        if self._pending.pop(pending.uid, None):
            self._forgotten.add(pending.uid)

    def outgoing(self) -> bytes:
        """What has been said since the last call, to be sent in one piece."""
        data = b"".join(self._said)
        self._said.clear()
        self.outgoing_bytes = 0
        return data

    def receive(self, data: bytes | memoryview) -> None:
        """Take what came.

        Raises:
            ProtocolError: it is not the protocol; the conversation is over, and whatever was pending has failed.
        """
        self._cutter.feed(data)
        try:
            if self.state is State.GREETING and not self._greeted():
                return
            for frame in self._cutter.frames():
                self._heard(frame)
        except ProtocolError as error:
            self.lose(error)
            raise

    def lose(self, error: EverstoreError) -> None:
        """The stream is over: whatever is pending fails, as does whatever will be asked."""
        if self.state is State.LOST:
            return
        self._move("lost")
        self.error = error
        pending, self._pending = self._pending, {}
        for each in pending.values():
            each.finish(error=_own_copy(error))

    @property
    def is_opening(self) -> bool:
        """Whether it is not yet known if the server lets this client in."""
        return self.state in (State.GREETING, State.OPENING)

    def _move(self, event: str) -> None:
        self.state = TRANSITIONS[self.state, event]

    def _greeted(self) -> bool:
        hello = self._cutter.hello()
        if hello is None:
            return False
        self._order = hello.order
        self._move("greeted")
        if hello.must_login:
            self.tell(self._login)
        self.ask(_FIRST_QUESTION, heard=self._opened)
        return True

    def _opened(self) -> None:
        if self.state is State.OPENING:
            self._move("answered")

    def _say(self, request: Request[R], heard: Callable[[], object] | None) -> Pending:
        pending = Pending(self._next_uid(), request.kind, heard)
        data = encode(request, pending.uid, self._order)
        self._said.append(data)
        self.outgoing_bytes += len(data)
        return pending

    def _next_uid(self) -> int:
        """The next number that no request in flight has; they wrap around at 32 bits."""
        while True:
            self._uid = self._uid + 1 & UINT32_MAX
            if self._uid not in self._pending and self._uid not in self._forgotten:
                return self._uid

    def _heard(self, frame: Frame) -> None:
        pending = self._pending.get(frame.uid)
        if pending is None:
            self._heard_forgotten(frame)
        elif frame.kind == layouts.ERROR:
            del self._pending[frame.uid]
            pending.finish(error=from_code(decode(frame, self._order)))
        elif frame.kind != pending.kind:
            raise ProtocolError(f"a request of type {pending.kind} was answered by the type {frame.kind}")
        else:
            self._heard_answer(pending, frame)

    def _heard_answer(self, pending: Pending, frame: Frame) -> None:
        reply = decode(frame, self._order)
        if frame.kind == layouts.READ:
            pending.parts.append(reply)
        if frame.properties & MULTIPART:
            self._heard_part(pending)
        else:
            del self._pending[frame.uid]
            pending.finish(reply)

    def _heard_part(self, pending: Pending) -> None:
        if pending.kind != layouts.READ:
            raise ProtocolError(f"a reply of type {pending.kind} comes in parts")
        if pending.heard:
            pending.heard()

    def _heard_forgotten(self, frame: Frame) -> None:
        if self.state is State.OPENING and frame.kind == layouts.ERROR:
            self.lose(from_code(decode(frame, self._order)))
        elif self.state is State.LOST:
            return
        elif frame.uid not in self._forgotten:
            raise ProtocolError(f"an answer of type {frame.kind} came for the request {frame.uid}, which was not asked")
        elif not frame.properties & MULTIPART:
            self._forgotten.discard(frame.uid)


def _own_copy(error: EverstoreError) -> EverstoreError:
    """One exception for each request that fails: threads that raised a shared one would mix up its traceback."""
    copy = type(error)(*error.args)
    copy.code = error.code
    if isinstance(copy, ConnectionLost):
        copy.sent = True
    copy.__cause__ = error
    return copy
