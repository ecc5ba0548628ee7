"""What one connection may say when: login first, then requests. Pure: bytes in, requests and replies out.

| state | login right | login wrong | request | broken | rubbish |
| --- | --- | --- | --- | --- | --- |
| LOGIN | OPEN | CLOSED | – | CLOSED | CLOSED |
| OPEN | OPEN | CLOSED | OPEN, routed | OPEN, error 1 | CLOSED |
| CLOSED | – | – | – | – | – |

"Broken" is a frame whose end is known but that cannot be served: an unknown type, a size over the limit, lengths
that do not add up.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, auto

from everstore import limits
from everstore.errors import Code
from everstore.wire import replies, requests
from everstore.wire.frames import OVERSIZE, RUBBISH, Frame, FrameCutter
from everstore.wire.layouts import Type


class State(Enum):
    LOGIN = auto()
    OPEN = auto()
    CLOSED = auto()


class Said(Enum):
    """What a frame amounts to."""

    LOGIN_RIGHT = auto()
    LOGIN_WRONG = auto()
    REQUEST = auto()
    BROKEN = auto()
    RUBBISH = auto()


NEXT: dict[tuple[State, Said], State] = {
    (State.LOGIN, Said.LOGIN_RIGHT): State.OPEN,
    (State.LOGIN, Said.LOGIN_WRONG): State.CLOSED,
    (State.LOGIN, Said.BROKEN): State.CLOSED,
    (State.LOGIN, Said.RUBBISH): State.CLOSED,
    (State.OPEN, Said.LOGIN_RIGHT): State.OPEN,
    (State.OPEN, Said.LOGIN_WRONG): State.CLOSED,
    (State.OPEN, Said.REQUEST): State.OPEN,
    (State.OPEN, Said.BROKEN): State.OPEN,
    (State.OPEN, Said.RUBBISH): State.CLOSED,
}

_REQUESTS = frozenset(Type) - {Type.ERROR, Type.AUTHENTICATE}


@dataclass(frozen=True, slots=True)
class Credentials:
    """The one user that may log in; both compared in constant time."""

    user: bytes
    password: bytes

    def match(self, user: bytes, password: bytes) -> bool:
        # Both are always compared, so that the time tells nothing of which one was wrong.
        return hmac.compare_digest(self.user, user) & hmac.compare_digest(self.password, password)


class Session:
    """One connection's side of the protocol.

    `receive` returns the requests to route; `replies` collects what is to be sent at once (errors); `why` says for
    the log why the state has become CLOSED, or what was wrong with a frame.
    """

    def __init__(self, credentials: Credentials, request_bytes_max: int) -> None:
        self.state = State.LOGIN
        self.replies: list[bytes] = []
        self.why = ""
        self._credentials = credentials
        self._request_bytes_max = request_bytes_max
        self._cutter = FrameCutter(limits.LOGIN_FRAME_BYTES_MAX)

    @property
    def begun(self) -> int:
        """See FrameCutter."""
        return self._cutter.begun

    @property
    def due(self) -> int:
        """See FrameCutter."""
        return self._cutter.due

    def receive(self, data: bytes) -> list[Frame]:
        """The requests that `data` completes. What follows a frame that closes the connection is not heard."""
        routed: list[Frame] = []
        if self.state is State.LOGIN:
            # Only the login itself is cut by the small limit: what comes behind it in the same packet may be larger.
            if self._hear(self._cutter.feed(data, 1), routed) is not State.OPEN:
                return routed
            self._cutter.admit(self._request_bytes_max)
            data = b""
        self._hear(self._cutter.feed(data), routed)
        return routed

    def _hear(self, frames: list[Frame], routed: list[Frame]) -> State:
        for frame in frames:
            said = self._judge(frame)
            self.state = NEXT[self.state, said]
            if self.state is State.CLOSED:
                self._refuse(frame, said)
                break
            if said is Said.REQUEST:
                routed.append(frame)
            elif said is Said.BROKEN:
                self._refuse(frame, said)
        return self.state

    def _judge(self, frame: Frame) -> Said:
        kind, size, _, _, _, body = frame
        if kind == RUBBISH:
            expected = "login" if self.state is State.LOGIN else "request"
            self.why = f"what it sent is no {expected} of this protocol"
            return Said.RUBBISH
        if kind == OVERSIZE:
            self.why = f"a request of {size} bytes is over the limit of {self._cutter.size_max}"
            return Said.BROKEN
        if kind == Type.AUTHENTICATE:
            return self._judge_login(body)
        if kind not in _REQUESTS:
            self.why = f"there is no request of type {kind}"
            return Said.BROKEN
        return Said.REQUEST

    def _judge_login(self, body: bytes) -> Said:
        try:
            user, password = requests.login(body)
        except requests.Malformed as malformed:
            self.why = malformed.reason
            return Said.LOGIN_WRONG
        if self._credentials.match(user, password):
            return Said.LOGIN_RIGHT
        self.why = "login failed: wrong user or password"
        return Said.LOGIN_WRONG

    def _refuse(self, frame: Frame, said: Said) -> None:
        code = Code.AUTHENTICATION_FAILED if said is Said.LOGIN_WRONG else Code.UNKNOWN
        self.replies.append(replies.error(frame[2], 0, code))
