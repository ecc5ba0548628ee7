"""One client's connection in a worker's own hands: requests come in, answers go out, and nobody waits for it.

| it is | because | and then |
| --- | --- | --- |
| deaf | the client has sent its last byte, or rubbish, or the worker leaves | it gets its answers, and parts |
| parting | the worker has said its last byte | what still comes is dropped, until the client has all of it |
| broken | its socket is, or its time is up | it is closed |

Error handling: nothing that a client does raises here.
"""

from __future__ import annotations

import socket
from contextlib import suppress

from everstore import limits, log
from everstore.errors import Code, Refused
from everstore.journal.names import owner
from everstore.wire import replies, requests
from everstore.wire.frames import OVERSIZE, RUBBISH, Frame, FrameCutter
from everstore.wire.layouts import Type
from everstore.worker import tcp
from everstore.worker.patience import Patience, Seen

_SERVED = frozenset(Type) - {Type.ERROR, Type.AUTHENTICATE, Type.NATIVE, Type.LANE}
_SEND_PIECES = 512  # half of what the system takes in one call
_GREEDY_BYTES = limits.LANES_OWED_BYTES_MAX // limits.LANES_MAX


class Lane:
    """`number`: the supervisor's, for the connection. `uncut`: whole requests may have arrived that `hear` has not
    given out. `owed`: bytes of answers that the client has not taken. `mask`: which events are waited for.
    """

    __slots__ = (
        *("broken", "deaf", "mask", "number", "owed", "parting_until", "sock", "uncut"),
        *("_complained", "_cutter", "_left", "_patience", "_received", "_sent", "_stalled", "_stalled_at", "_unsent"),
    )

    def __init__(
        self, number: int, sock: socket.socket, request_bytes_max: int, patience: Patience, now: float
    ) -> None:
        self.number = number
        self.sock = sock
        self.broken = self.deaf = self.uncut = False
        self.mask = 0
        self.owed = 0
        self.parting_until = 0.0
        self._complained = False
        self._cutter = FrameCutter(request_bytes_max)
        self._cutter.admit(request_bytes_max)
        self._left = -1  # bytes that are still to be heard; none: as many as come
        self._patience = patience
        self._received = self._sent = 0
        self._stalled, self._stalled_at = 0, now  # what had been sent when it was seen to take nothing, and since when
        self._unsent: list[bytes | memoryview] = []

    @property
    def begun(self) -> int:
        """See FrameCutter."""
        return self._cutter.begun

    def came(self, data: bytes) -> None:
        """So much had come before it was a lane."""
        self._cutter.feed(data, 0)
        self.uncut = bool(data)

    def hear(self, most: int, worker: int, workers: int) -> list[Frame]:
        """The next requests for `worker`, one of so many, no more than `most`. Those that it may not send are answered
        with errors at once.
        """
        frames = self._cutter.feed(b"" if self.uncut else self._receive(), most)
        # A request for a lane stops the cutter, too: it is for those who could pass the connection on.
        self.uncut = len(frames) == most or (bool(frames) and frames[-1][0] == Type.LANE)
        served: list[Frame] = []
        for frame in frames:
            try:
                _require_served(frame, worker, workers)
                served.append(frame)
            except Refused as refused:
                self._refuse(frame, worker, refused)
        if not (self._left or self.uncut):
            self.deaf = True
        return served

    def put(self, reply: bytes | memoryview) -> None:
        """An answer, to be sent by the next `flush`."""
        if not self.broken:
            self._unsent.append(reply)
            self.owed += len(reply)

    def flush(self) -> int:
        """Send what the socket takes of what is owed; returns how much that is."""
        before = self._sent
        try:
            while self._unsent and not self.broken:
                self._took(self.sock.sendmsg(self._unsent[:_SEND_PIECES]))
        except BlockingIOError:
            pass
        except OSError:
            self.broken = True
        return self._sent - before

    def _took(self, sent: int) -> None:
        """The socket has taken so much."""
        self._sent += sent
        self.owed -= sent
        whole = 0
        while whole < len(self._unsent) and sent >= len(self._unsent[whole]):
            sent -= len(self._unsent[whole])
            whole += 1
        del self._unsent[:whole]
        if sent:
            self._unsent[0] = memoryview(self._unsent[0])[sent:]

    def hear_what_has_arrived(self) -> None:
        """And nothing that comes later."""
        self._left = tcp.unread_bytes(self.sock)
        self.deaf = self.deaf or not (self._left or self.uncut)

    def part(self, until: float) -> None:
        """The last byte is sent; what still comes is dropped until then at most, lest a reset overtake it."""
        self.parting_until = until
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def drop(self) -> None:
        """What comes to one that parts."""
        try:
            self.broken = self.broken or not self.sock.recv(limits.RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            self.broken = True

    def why_over(self, now: float, scarce: bool, awaited: bool, holds: bool, reserving: bool) -> str:
        """Why its time is up, or nothing. `holds`: answers wait until it has taken others; for the others see Seen."""
        if self.parting_until:
            has_all = not tcp.unacknowledged_bytes(self.sock) and self._left >= 0
            return "it has parted" if has_all or now >= self.parting_until else ""
        due = self._cutter.due
        quiet = not (self.owed or holds or due or self.uncut)
        seen = Seen(self._received, self._sent, due, awaited, quiet, self.owed > _GREEDY_BYTES, reserving)
        return self._patience.look(now, seen, scarce) or self._why_stalled(now)

    def close(self) -> None:
        self.sock.close()

    def _receive(self) -> bytes:
        size = limits.RECEIVE_BYTES if self._left < 0 else min(self._left, limits.RECEIVE_BYTES)
        try:
            data = self.sock.recv(size)
        except BlockingIOError:
            return b""
        except OSError:
            self.broken = True
            return b""
        self.deaf = self.deaf or not data
        self._received += len(data)
        if self._left >= 0:
            self._left -= len(data)
        return data

    def _refuse(self, frame: Frame, worker: int, refused: Refused) -> None:
        say = log.debug if self._complained else log.warning
        self._complained = True
        say(f"a request was refused: {refused.reason}", worker=worker, connection=self.number)
        self.put(replies.error(frame[2], worker, refused.code))
        if frame[0] == RUBBISH:
            self.deaf, self.uncut = True, False

    def _why_stalled(self, now: float) -> str:
        if not self.owed or self._sent != self._stalled:
            self._stalled, self._stalled_at = self._sent, now
        elif now - self._stalled_at >= limits.STALLED_S_MAX:
            return f"it took no answer for {limits.STALLED_S_MAX:g} seconds"
        return ""


def _require_served(frame: Frame, worker: int, workers: int) -> None:
    """Raises `Refused` for a request that is not for this worker, or for none over a lane."""
    kind, size, _, _, named, body = frame
    if kind == RUBBISH:
        raise Refused(Code.UNKNOWN, "what it sent is no request of this protocol")
    if kind == OVERSIZE:
        raise Refused(Code.UNKNOWN, f"a request of {size} bytes is over the limit")
    if kind not in _SERVED:
        raise Refused(Code.UNKNOWN, f"there is no request of type {kind} over a lane")
    if requests.routed_by_name(kind):
        named = owner(requests.name_for_routing(kind, body), workers)
    if named != worker and kind != Type.LIST:
        raise Refused(Code.NO_SUCH_WORKER, f"the lane leads to worker {worker}, not to {named}")
