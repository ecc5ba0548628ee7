"""The worker's life: recover, then again and again take all that has arrived, decide it, commit once, answer all.

It ends when the supervisor's end of the channel closes: it finishes what has arrived, there and on lanes, leaves
everything durable, and exits with 0. When the disk fails it under way it leaves at once with a code of its own, and
answers nobody: what is on disk must first be repaired by its successor.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from everstore import limits, log
from everstore.clock import Clock
from everstore.engine.group_commit import GroupCommit
from everstore.engine.room import Room
from everstore.engine.store import Place, Store
from everstore.errors import NoSpace, StorageFailed
from everstore.storage.disk import Disk
from everstore.storage.journals import JournalFiles
from everstore.storage.records import Header, gathered
from everstore.storage.recovery import begin_log, boot_id, recover
from everstore.storage.trust import Trust
from everstore.wire.layouts import Type
from everstore.worker.channel import CREDIT, GIVEN, GONE, PULSE, READY, Item, RequestCutter, note
from everstore.worker.lanes import Lanes
from everstore.worker.outbox import Outbox
from everstore.worker.turns import Turns

EXIT_DONE = 0
EXIT_BUG = 70  # EX_SOFTWARE
EXIT_DISK = 74  # EX_IOERR
LOOK_AFTER_S = 0.25


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is told: its number (from 1 on) of how many, the commit logs it has to replay, the settings that
    concern it, what tells this life of the server from others, and whether no other log holds a journal of this worker.
    `request_bytes_max` and `idle_s_max`: of a client that it hears itself.
    """

    worker: int
    workers: int
    replays: list[int]
    journals: str
    durable: bool
    lifetime_s: float
    run: int
    all_mine: bool
    request_bytes_max: int
    idle_s_max: float


def run(job: Job, channel: socket.socket, hatch: socket.socket | None, leave: Callable[[int], NoReturn]) -> NoReturn:
    """Live as a worker on `channel`, and `leave` with an exit code. `hatch`: see channel.py."""
    try:
        _serve(job, channel, hatch)
    except ConnectionError:
        # The supervisor is gone, and all who could be answered. What was logged is replayed at the next start.
        leave(EXIT_DONE)
    except (StorageFailed, NoSpace, OSError) as error:
        log.error(f"the disk fails: {error}", worker=job.worker)
        leave(EXIT_DISK)
    except BaseException:  # noqa: BLE001 - whatever it was, it must be logged, and end here
        log.exception("this is a bug in Everstore", worker=job.worker)
        leave(EXIT_BUG)
    leave(EXIT_DONE)


def _serve(job: Job, channel: socket.socket, hatch: socket.socket | None) -> None:
    disk = Disk(job.journals)
    recovered = recover(disk, Trust(disk), job.replays, job.all_mine)
    header = Header(recovered.epoch, job.workers, job.durable, clean=False, boot=boot_id())
    room = Room(disk, partial(begin_log, disk, job.worker, job.replays, header, recovered.remembered))
    channel.sendall(note(0, READY))
    arrivals = _Arrivals(channel)
    first = arrivals.take(limits.WORKER_PULSE_S)
    while not (first or arrivals.ended):
        channel.sendall(note(0, PULSE))
        first = arrivals.take(limits.WORKER_PULSE_S)
    # The first request says that all workers have recovered: only now is all known that they found damaged.
    files = JournalFiles(disk, Trust(disk))
    group = GroupCommit(disk, files, room, job.durable)
    place = Place(job.worker, job.workers, job.run)
    store = Store(place, disk, files, group, Clock(), job.lifetime_s, recovered.remembered)
    bounds = job.request_bytes_max, job.idle_s_max
    lanes = arrivals.lanes = Lanes((job.worker, job.workers), hatch, bounds, arrivals.watch, store.end_connection)
    _loop(channel, arrivals, store, lanes, first)
    store.close()


def _loop(channel: socket.socket, arrivals: _Arrivals, store: Store, lanes: Lanes, items: list[Item]) -> None:
    outbox = Outbox()
    looked_after = spoke = time.monotonic()
    while True:
        store.begin(arrivals.taken_bytes)
        gone = _decide(store, outbox, lanes, items)
        answers = store.commit()
        outbox.put(lanes.answer(answers) if lanes else answers)
        for connection in gone:
            outbox.forget(connection)
        outbox.work()
        ready = outbox.take()
        now = time.monotonic()
        if lanes:
            lanes.work(now)
        if lanes.notes:
            ready += lanes.notes
            lanes.notes.clear()
        if now - spoke >= limits.WORKER_PULSE_S:
            ready.append(note(0, PULSE))
        if ready:
            for piece in gathered(ready):
                channel.sendall(piece)
            ready.clear()
            spoke = now
        if now - looked_after >= LOOK_AFTER_S:
            store.look_after()
            looked_after = now
        if arrivals.ended and not arrivals.busy and lanes.finish(now):
            return
        items = arrivals.take(0.0 if outbox.busy else LOOK_AFTER_S)


def _decide(store: Store, outbox: Outbox, lanes: Lanes, items: list[Item]) -> list[int]:
    """Take all requests off the list, so that none is held for longer than it is needed; returns the connections that
    are gone.
    """
    gone: list[int] = []
    items.reverse()
    while items:
        connection, frame = items.pop()
        kind = frame[0]
        if kind <= Type.FETCH:
            store.handle(connection, frame)
        elif kind == GONE:
            store.end_connection(connection)
            lanes.revoke(connection)
            gone.append(connection)
        elif kind == CREDIT:
            outbox.credit(connection, frame[2])
        elif kind == GIVEN:
            outbox.forget(connection)
            lanes.take_over(connection, frame[2], frame[5], time.monotonic())
    return gone


class _Arrivals:
    """What has arrived over the channel and on lanes: everything that is there, up to a batch. `taken_bytes`: of the
    bodies in it.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.lanes: Lanes | None = None
        self.ended = False
        self.taken_bytes = 0
        self._channel = channel
        self._cutter = RequestCutter()
        self._turns = Turns()
        self._poll = select.poll()
        self._poll.register(channel, select.POLLIN)

    @property
    def busy(self) -> bool:
        """True while requests wait for their turn."""
        return self._turns.waiting_bytes > 0

    def watch(self, descriptor: int) -> None:
        """Wait for this, too."""
        self._poll.register(descriptor, select.POLLIN)

    def take(self, timeout_s: float) -> list[Item]:
        """Wait for something to arrive, `timeout_s` at most, and take all that has."""
        items: list[Item] = []
        if self.busy or (self.lanes and self.lanes.is_busy):
            timeout_s = 0.0
        if not self.ended:
            ready = self._poll.poll(timeout_s * 1000)
            if ready and not (self.lanes and ready == [(self.lanes.descriptor, select.POLLIN)]):
                self._receive(items)
        items = self._turns.take(items)
        if self.lanes:
            items += self.lanes.take(limits.SHUTDOWN_POLL_S if self.ended and not items else 0.0)
        self.taken_bytes = sum(len(frame[5]) for _, frame in items)
        return items

    def _receive(self, items: list[Item]) -> None:
        received = 0
        while received < limits.BATCH_BYTES_MAX and not self._turns.crowded:
            try:
                data = self._channel.recv(limits.CHANNEL_RECEIVE_BYTES, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            if not data:
                self.ended = True
                break
            received += len(data)
            items += self._cutter.feed(data)
