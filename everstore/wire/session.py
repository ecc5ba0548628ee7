"""What one connection may say when: login first, then requests. Pure: bytes in, requests and replies out.

| state | login right | login wrong | login asked | request | lane asked | lane refused | broken | rubbish | dismissed |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
| LOGIN | OPEN | CLOSED | VERIFYING | – | – | – | CLOSED | CLOSED | CLOSED |
| VERIFYING | OPEN | CLOSED | – | – | – | – | – | – | CLOSED |
| OPEN | OPEN | CLOSED | – | OPEN, routed | LEAVING | – | OPEN, error 1 | CLOSED | CLOSED |
| LEAVING | – | – | – | – | – | OPEN, its error | – | – | CLOSED |
| CLOSED | – | – | – | – | – | – | – | – | – |

"Broken" is a frame whose end is known but that cannot be served: an unknown type, a size over the limit, lengths
that do not add up. A login is "asked" where its verdict takes time and comes from elsewhere (`decide`); nothing more is
heard until then, nor until it is decided whether a connection becomes a worker's lane: if so, that hears the rest.
"Dismissed": the server ends the connection, for a reason that is not the client's request.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from everstore import limits
from everstore.errors import Code
from everstore.wire import native, replies, requests
from everstore.wire.frames import OVERSIZE, RUBBISH, Frame, FrameCutter
from everstore.wire.layouts import Type


class State(Enum):
    LOGIN = auto()
    VERIFYING = auto()
    OPEN = auto()
    LEAVING = auto()
    CLOSED = auto()


class Said(Enum):
    """What a frame amounts to."""

    LOGIN_RIGHT = auto()
    LOGIN_WRONG = auto()
    LOGIN_ASKED = auto()
    REQUEST = auto()
    LANE_ASKED = auto()
    LANE_REFUSED = auto()
    BROKEN = auto()
    RUBBISH = auto()
    DISMISSED = auto()


NEXT: dict[tuple[State, Said], State] = {
    (State.LOGIN, Said.LOGIN_RIGHT): State.OPEN,
    (State.LOGIN, Said.LOGIN_WRONG): State.CLOSED,
    (State.LOGIN, Said.LOGIN_ASKED): State.VERIFYING,
    (State.LOGIN, Said.BROKEN): State.CLOSED,
    (State.LOGIN, Said.RUBBISH): State.CLOSED,
    (State.LOGIN, Said.DISMISSED): State.CLOSED,
    (State.VERIFYING, Said.LOGIN_RIGHT): State.OPEN,
    (State.VERIFYING, Said.LOGIN_WRONG): State.CLOSED,
    (State.VERIFYING, Said.DISMISSED): State.CLOSED,
    (State.OPEN, Said.LOGIN_RIGHT): State.OPEN,
    (State.OPEN, Said.LOGIN_WRONG): State.CLOSED,
    (State.OPEN, Said.REQUEST): State.OPEN,
    (State.OPEN, Said.LANE_ASKED): State.LEAVING,
    (State.OPEN, Said.BROKEN): State.OPEN,
    (State.OPEN, Said.RUBBISH): State.CLOSED,
    (State.OPEN, Said.DISMISSED): State.CLOSED,
    (State.LEAVING, Said.LANE_REFUSED): State.OPEN,
    (State.LEAVING, Said.DISMISSED): State.CLOSED,
}

_WRONG = "login failed: wrong user or password"
_REQUESTS = frozenset(Type) - {Type.ERROR, Type.AUTHENTICATE, Type.LANE}


class Matcher(Protocol):
    """What a login is held against."""

    def match(self, user: bytes, password: bytes) -> bool: ...


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
    the log why the state has become CLOSED, or what was wrong with a frame. Without `credentials` the first login is
    left in `login` (user, password) for somebody else to `decide`. `lane`: the (uid, worker) that a
    LEAVING one asks for.
    """

    def __init__(self, credentials: Matcher | None, request_bytes_max: int) -> None:
        self.state = State.LOGIN
        self.replies: list[bytes] = []
        self.why = ""
        self.login = (b"", b"")
        self.lane = (0, 0)
        self._login_uid = 0
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

    @property
    def unheard(self) -> bytes:
        """What has come behind the request of a LEAVING one."""
        return self._cutter.rest()

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

    def decide(self, right: Matcher | None) -> list[Frame]:
        """The verdict on the login that was asked: what any further one must match, or None for a wrong one. Returns
        the requests that have come behind it.
        """
        self.login = (b"", b"")
        self._credentials = right
        self.state = NEXT[self.state, Said.LOGIN_RIGHT if right else Said.LOGIN_WRONG]
        routed: list[Frame] = []
        if right is None:
            self.why = _WRONG
            self.replies.append(replies.error(self._login_uid, 0, Code.AUTHENTICATION_FAILED))
        else:
            self._cutter.admit(self._request_bytes_max)
            self._hear(self._cutter.feed(b""), routed)
        return routed

    def refuse_lane(self, code: Code, why: str) -> list[Frame]:
        """The connection stays; returns the requests that have come behind the one for a lane."""
        self.state = NEXT[self.state, Said.LANE_REFUSED]
        self.why = why
        self.replies.append(replies.error(self.lane[0], 0, code))
        routed: list[Frame] = []
        self._hear(self._cutter.feed(b""), routed)
        return routed

    def dismiss(self, why: str) -> None:
        """The server ends the connection, without an answer; a client may come again."""
        if self.state is not State.CLOSED:
            self.state = NEXT[self.state, Said.DISMISSED]
            self.login = (b"", b"")
            self.why = why

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
            return self._judge_login(frame[2], body)
        if kind not in _REQUESTS:
            if kind == Type.LANE:
                return self._judge_lane(frame[2], body)
            self.why = f"there is no request of type {kind}"
            return Said.BROKEN
        return Said.REQUEST

    def _judge_lane(self, uid: int, body: bytes) -> Said:
        try:
            self.lane = (uid, native.lane_body(body))
        except requests.Malformed as malformed:
            self.why = malformed.reason
            return Said.BROKEN
        return Said.LANE_ASKED

    def _judge_login(self, uid: int, body: bytes) -> Said:
        try:
            user, password = requests.login(body)
        except requests.Malformed as malformed:
            self.why = malformed.reason
            return Said.LOGIN_WRONG
        if self._credentials is None:
            self.login, self._login_uid = (user, password), uid
            return Said.LOGIN_ASKED
        if self._credentials.match(user, password):
            return Said.LOGIN_RIGHT
        self.why = _WRONG
        return Said.LOGIN_WRONG

    def _refuse(self, frame: Frame, said: Said) -> None:
        code = Code.AUTHENTICATION_FAILED if said is Said.LOGIN_WRONG else Code.UNKNOWN
        self.replies.append(replies.error(frame[2], 0, code))
