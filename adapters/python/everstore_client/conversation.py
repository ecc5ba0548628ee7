"""One connection's conversation, without the connection: which requests wait, and what each piece of the answers means.

A shell gives it what came (`receive`), sends what it has to say (`outgoing`), and tells it when the stream ended
(`lose`). Laws: every `Pending` is done exactly once; a UID is not used again while its answer may still come; parts of
different reads may interleave; an error ends a read even between two of its parts; the answer to a request that nobody
waits for any more is dropped; an append is said at most once, unless its request was refused whole for another's sake.

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

from .errors import ConnectionLost, EverstoreError, ProtocolError, ServerError, UnknownError, from_code
from .limits import UINT32_MAX
from .outbox import Outbox, Post, Posted, request_of
from .pending import NO_UID, Pending
from .senders import Native, Senders
from .wire import layouts, native_requests, requests
from .wire.frames import Frame, FrameCutter
from .wire.layouts import BIG, LITTLE, MULTIPART, Order
from .wire.native_replies import Hello
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

# Any request proves the login, also one that is answered by an error. Native requests are little endian.
_FIRST_QUESTIONS: dict[Order, Request[Any]] = {
    LITTLE: native_requests.hello(),
    BIG: requests.exists(b"/everstore"),
}


class Conversation:
    """See the module. `user` and `password` are said when the server asks for a login. `senders`: who appends over it.

    `native` is None for a server that only knows version 1.
    """

    def __init__(self, user: str, password: str, senders: Senders | None = None) -> None:
        self.state = State.GREETING
        self.error: EverstoreError | None = None
        self.native: Native | None = None
        self._senders = senders or Senders()
        self._outbox = Outbox()
        self._login = requests.authenticate(user.encode(), password.encode())
        self._cutter = FrameCutter()
        self._order: Order = LITTLE
        self._pending: dict[int, Pending] = {}
        self._forgotten: set[int] = set()
        self._uid = 0
        self._said: list[bytes] = []
        self._said_bytes = 0

    @property
    def waiting(self) -> int:
        """How many requests wait for their answer."""
        return len(self._pending) + len(self._outbox)

    @property
    def has_outgoing(self) -> bool:
        """Whether there is something to be sent now."""
        return bool(self._said) or self._outbox.ready()

    @property
    def outgoing_bytes(self) -> int:
        """Of all that waits to be sent."""
        return self._said_bytes + self._outbox.size

    @property
    def is_lost(self) -> bool:
        return self.state is State.LOST

    def ask(self, request: Request[R] | Post, heard: Callable[[], object] | None = None) -> Pending:
        """Say a request, or an append together with others; its answer arrives in the `Pending`.

        Raises:
            ConnectionLost: the conversation is over; the request was not said.
            TooLarge: it cannot be said.
        """
        if self.state is State.LOST:
            raise ConnectionLost(f"the connection was lost: {self.error}") from self.error
        if isinstance(request, Post):
            pending = Pending(NO_UID, layouts.APPEND, heard)
            self._outbox.add(pending, request)
        else:
            pending = self._say(request, heard)
            self._pending[pending.uid] = pending
        return pending

    def tell(self, request: Request[R]) -> None:
        """Say a request whose answer matters to nobody. Does nothing once the conversation is over."""
        if self.state is not State.LOST:
            self._forgotten.add(self._say(request, None).uid)

    def forget(self, pending: Pending) -> None:
        """Nobody waits for it any more: its answer, should it still come, is dropped. An append that has not left does
        not leave.
        """
        if pending.uid == NO_UID:
            if not pending.done:
                pending.heard = None
                self._outbox.drop(pending)
        elif self._pending.get(pending.uid) is pending:
            del self._pending[pending.uid]
            self._forgotten.add(pending.uid)

    def outgoing(self) -> bytes:
        """What has been said since the last call, to be sent in one piece."""
        for posted in self._outbox.take():
            self._say_appends(posted)
        data = b"".join(self._said)
        self._said.clear()
        self._said_bytes = 0
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
        for unsent in self._outbox.clear():
            unsent.finish(error=_own_copy(error, sent=False))

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
        question = self.ask(_FIRST_QUESTIONS[hello.order], heard=lambda: self._opened(question))
        return True

    def _opened(self, question: Pending) -> None:
        if self.state is State.OPENING:
            self._move("answered")
            if isinstance(question.reply, Hello) and question.reply.revision:
                self.native = Native(question.reply, self._senders)

    def _say_appends(self, posted: Posted) -> None:
        """One request for all of them; when it is answered, so is each of them."""
        self._outbox.left(posted[0][1].worker)
        pending = self.ask(request_of(posted), lambda: self._heard_appends(pending, posted))

    def _heard_appends(self, pending: Pending, posted: Posted) -> None:
        """A request that is refused whole may be so for one append of another's journal: each is asked by itself."""
        self._outbox.answered(posted[0][1].worker)
        error, outcomes = pending.error, pending.reply
        if isinstance(error, ServerError) and not isinstance(error, UnknownError) and len(posted) > 1:
            for alone in posted:
                self._say_appends([alone])
            return
        if error is None and len(outcomes) != len(posted):
            error = ProtocolError(f"{len(posted)} appends were answered by {len(outcomes)} outcomes")
        for number, (each, _) in enumerate(posted):
            if error is None:
                each.finish(outcomes[number])
            else:
                each.finish(error=_own_copy(error))
        if isinstance(error, ProtocolError):
            self.lose(error)

    def _say(self, request: Request[R], heard: Callable[[], object] | None) -> Pending:
        pending = Pending(self._next_uid(), request.kind, heard)
        data = encode(request, pending.uid, self._order)
        self._said.append(data)
        self._said_bytes += len(data)
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
        elif frame.kind == layouts.FETCH:
            pending.parts.append(reply.text)
        if frame.properties & MULTIPART:
            self._heard_part(pending)
        else:
            del self._pending[frame.uid]
            pending.finish(reply)

    def _heard_part(self, pending: Pending) -> None:
        if pending.kind not in (layouts.READ, layouts.FETCH):
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


def _own_copy(error: EverstoreError, sent: bool = True) -> EverstoreError:
    """One exception for each request that fails: threads that raised a shared one would mix up its traceback."""
    copy = type(error)(*error.args) if sent else ConnectionLost(*error.args)
    copy.code = error.code
    if isinstance(copy, ConnectionLost):
        copy.sent = sent
    copy.__cause__ = error
    return copy
