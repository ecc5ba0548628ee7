"""The connections that clients have handed to a worker: no process stands between them and their journals' owner.

Their requests go into the same batch as the channel's. None is waited for: one that does not read its answers is not
read from, and ends after the time that `lane.py` and `patience.py` know. What all of them may occupy is bounded: past
LANES_OWED_BYTES_MAX of answers only those are served that owe nothing, and few requests of each at a time.
"""

from __future__ import annotations

import os
import resource
import select
import socket
from collections.abc import Callable
from contextlib import suppress

from everstore import limits, log
from everstore.engine.batch import Answer
from everstore.wire import native
from everstore.wire.frames import Frame
from everstore.worker.begun import Begun
from everstore.worker.channel import ENDED, HATCH_BYTES, LEFT, TAKEN, Item, note
from everstore.worker.lane import Lane
from everstore.worker.outbox import Outbox
from everstore.worker.patience import Patience

_BROKEN = select.EPOLLHUP | select.EPOLLERR


class Lanes:
    """`hatch`: see channel.py; None where there is none. `watch` is called once, with a descriptor that is readable
    while a lane has something to say. `forget` is called with the number of each lane that has ended. `notes`: for the
    supervisor. False while there is no lane.
    """

    def __init__(
        self,
        place: tuple[int, int],
        hatch: socket.socket | None,
        bounds: tuple[int, float],
        watch: Callable[[int], None],
        forget: Callable[[int], None],
    ) -> None:
        self.notes: list[bytes] = []
        self.descriptor = -1
        self._worker, self._workers = place
        self._request_bytes_max, self._idle_s_max = bounds
        self._hatch = hatch
        if hatch is not None:
            hatch.setblocking(False)
        self._watch = watch
        self._forget = forget
        self._lanes: dict[int, Lane] = {}
        self._numbers: dict[int, int] = {}  # by descriptor
        self._uncut: dict[int, Lane] = {}
        self._leaving: dict[int, Lane] = {}  # deaf, or broken
        self._begun = Begun()
        self._outbox = Outbox()
        self._owed = 0
        self._looked_at = 0.0
        self._leave_until = 0.0

    def __bool__(self) -> bool:
        return bool(self._lanes)

    @property
    def is_busy(self) -> bool:
        """True while something could be done for a lane without anything else happening."""
        return self._outbox.busy or self._outbox.has_ready or any(map(self._hears, self._uncut.values()))

    def take_over(self, number: int, uid: int, rest: bytes, now: float) -> None:
        """Make the connection whose descriptor comes through the hatch a lane, and say so to its client."""
        sock = self._receive(number)
        if sock is None or len(self._lanes) >= _most() or not self._wait_for(sock):
            self.notes.append(note(0, LEFT, number))
            if sock is not None:
                sock.close()
            return
        lane = Lane(number, sock, self._request_bytes_max, Patience(now, self._idle_s_max), now)
        lane.mask = select.EPOLLIN
        self._lanes[number] = lane
        self._numbers[sock.fileno()] = number
        self.notes.append(note(0, TAKEN, number))
        lane.came(rest)
        if rest:
            self._uncut[number] = lane
        self._put(lane, native.lane(uid, self._worker))
        self._flush(lane)
        self._settle(lane)

    def take(self, wait_s: float = 0.0) -> list[Item]:
        """Requests of lanes, no more than a batch takes, of each lane in turn. Waits for one only if told to."""
        active, self._uncut = self._uncut, {}
        for descriptor, events in self._epoll.poll(0.0 if self.is_busy else wait_s):
            self._happened(self._lanes[self._numbers[descriptor]], events, active)
        items: list[Item] = []
        arrived = 0
        most = self._most_of_each(len(active))
        for lane in active.values():
            if len(items) < limits.BATCH_REQUESTS_MAX and arrived < limits.BATCH_BYTES_MAX and self._hears(lane):
                frames = self._hear(lane, most)
                items += [(lane.number, frame) for frame in frames]
                arrived += sum(frame[1] for frame in frames)
            if lane.uncut:
                self._uncut[lane.number] = lane
            self._settle(lane)
        return items

    def answer(self, answers: list[Answer]) -> list[Answer]:
        """Take those that are for lanes; returns the others."""
        self._outbox.put([answer for answer in answers if answer[0] in self._lanes])
        return [answer for answer in answers if answer[0] not in self._lanes]

    def work(self, now: float) -> None:
        """Send what may be sent, and end what has come to its end. Between two batches, when all of one is answered."""
        touched = {number: self._lanes[number] for number in self._outbox.working}
        self._outbox.work()
        for item in self._outbox.take():
            lane = self._lanes.get(number := int.from_bytes(item[:4], "little"))
            if lane is not None:  # It may have ended since this was made.
                touched[number] = lane
                self._put(lane, memoryview(item)[4:])
        for lane in touched.values():
            self._flush(lane)
            self._settle(lane)
        if now - self._looked_at >= (limits.SHUTDOWN_POLL_S if self._leave_until else limits.WATCH_S):
            self._looked_at = now
            self._look_at_all(now)
        for lane in list(self._leaving.values()):
            self._see_off(lane, now)

    def revoke(self, number: int) -> None:
        """The supervisor ends it."""
        if number in self._lanes:
            self._break(self._lanes[number])

    def finish(self, now: float) -> bool:
        """The worker leaves: what has arrived is heard and answered, and nothing that comes later. True when that is
        done, or its time is up.
        """
        if not self._leave_until:
            self._leave_until = now + limits.SHUTDOWN_S_MAX
            for lane in self._lanes.values():
                lane.hear_what_has_arrived()
                self._settle(lane)
        return not self._lanes or now >= self._leave_until

    def _receive(self, number: int) -> socket.socket | None:
        """The connection of that number, if it has come through: where there is no descriptor for it, it has not."""
        assert self._hatch is not None, "connections come only where there is a hatch"
        try:
            packet, descriptors, _, _ = socket.recv_fds(self._hatch, HATCH_BYTES, 1)
        except OSError:
            return None
        for descriptor in descriptors:
            if int.from_bytes(packet, "little") == number:
                with suppress(OSError):
                    sock = socket.socket(fileno=descriptor)
                    sock.setblocking(False)
                    return sock
            os.close(descriptor)
        return None

    def _wait_for(self, sock: socket.socket) -> bool:
        try:
            if self.descriptor < 0:
                self._epoll = select.epoll()
                self.descriptor = self._epoll.fileno()
                self._watch(self.descriptor)
            self._epoll.register(sock, select.EPOLLIN)
        except OSError:
            return False
        return True

    def _happened(self, lane: Lane, events: int, active: dict[int, Lane]) -> None:
        if events & _BROKEN:
            self._break(lane)
        if events & select.EPOLLOUT:
            self._flush(lane)
        if lane.parting_until:
            lane.drop()
        elif events & select.EPOLLIN:
            active[lane.number] = lane
            return
        self._settle(lane)

    def _most_of_each(self, lanes: int) -> int:
        if self._is_short or not lanes:
            return limits.TURN_REQUESTS
        return max(limits.TURN_REQUESTS, limits.BATCH_REQUESTS_MAX // lanes)

    @property
    def _is_short(self) -> bool:
        return self._owed >= limits.LANES_OWED_BYTES_MAX

    def _hears(self, lane: Lane) -> bool:
        """True for one that is read from now."""
        if lane.broken or lane.deaf or lane.owed >= limits.OWED_BYTES_MAX or (self._is_short and lane.owed):
            return False
        return not (self._outbox.holds(lane.number) or self._begun.waits(lane.number))

    def _hear(self, lane: Lane, most: int) -> list[Frame]:
        before = lane.owed
        frames = lane.hear(most, self._worker, self._workers)
        self._owed += lane.owed - before
        if lane.owed > before:
            self._flush(lane)
        return frames

    def _put(self, lane: Lane, reply: bytes | memoryview) -> None:
        before = lane.owed
        lane.put(reply)
        self._owed += lane.owed - before

    def _flush(self, lane: Lane) -> None:
        sent = lane.flush()
        self._owed -= sent
        if sent:
            self._outbox.credit(lane.number, sent)

    def _settle(self, lane: Lane) -> None:
        """Wait for what can happen to it next."""
        if lane.broken or lane.deaf:
            self._leaving[lane.number] = lane
        granted = self._begun.look(lane.number, lane.begun)
        for each in (lane, *map(self._lanes.__getitem__, granted)):
            self._wait_on(each)

    def _wait_on(self, lane: Lane) -> None:
        mask = select.EPOLLOUT if lane.owed else 0
        if self._hears(lane) or (lane.parting_until and not lane.broken):
            mask |= select.EPOLLIN
        if mask != lane.mask:
            lane.mask = mask
            self._epoll.modify(lane.sock, mask)

    def _break(self, lane: Lane) -> None:
        lane.broken = True
        self._leaving[lane.number] = lane

    def _look_at_all(self, now: float) -> None:
        scarce = self._is_short or self._begun.is_short
        for lane in list(self._lanes.values()):
            held = self._outbox.holds(lane.number)
            why = lane.why_over(now, scarce, self._hears(lane), held, self._begun.has(lane.number))
            if why:
                if not lane.parting_until:
                    log.warning(f"closed: {why}", worker=self._worker, connection=lane.number)
                self._break(lane)

    def _see_off(self, lane: Lane, now: float) -> None:
        if lane.broken:
            self._end(lane)
        elif not (lane.owed or lane.uncut or lane.parting_until or self._outbox.holds(lane.number)):
            lane.part(self._leave_until or now + limits.RUBBISH_LINGER_S)
            self._settle(lane)

    def _end(self, lane: Lane) -> None:
        number = lane.number
        for each in (self._lanes, self._uncut, self._leaving):
            each.pop(number, None)
        self._owed -= lane.owed
        for granted in self._begun.forget(number):
            self._wait_on(self._lanes[granted])
        self._outbox.forget(number)
        del self._numbers[lane.sock.fileno()]
        with suppress(OSError):
            self._epoll.unregister(lane.sock)
        with suppress(OSError):
            lane.sock.shutdown(socket.SHUT_RDWR)
        lane.close()
        self._forget(number)
        self.notes.append(note(0, ENDED, number))


def _most() -> int:
    """Lanes that leave descriptors for all the journals that a worker may have open."""
    descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY:
        return limits.LANES_MAX
    return min(limits.LANES_MAX, descriptors - limits.OPEN_FILES_MAX - limits.LANES_SPARE_FILES)
