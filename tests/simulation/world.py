"""One simulated world: the product's supervisor and workers, clients and their troubles, all from one seed.

outcome = simulate(1234)
outcome.complaints   what went wrong, nothing hopefully
outcome.trace        the same for the same seed, always
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import trio
import trio.testing
from simulation import network
from simulation.clients import Client
from simulation.clockwork import Clockwork, MachineTime
from simulation.disk import File, Mapping, Platter
from simulation.history import ACKNOWLEDGED, History
from simulation.processes import Kernel, Killed, Left, Polling
from trio._core import _run as trio_run

from everstore import clock, limits, log
from everstore.config.load import load
from everstore.config.settings import Settings
from everstore.engine import reads
from everstore.journal import transactions
from everstore.journal.names import name_of, path_of
from everstore.journal.recovery import judge
from everstore.storage import recovery, repair, replay, trust
from everstore.storage.records import SECTOR_BYTES, decode_header
from everstore.supervisor import pulse, worker_link
from everstore.supervisor import server as server_module
from everstore.supervisor.server import Claim, Server
from everstore.worker import loop, tcp

HANGS_S = 3600.0
# A worker that hangs is noticed and replaced within it.
LIVENESS_S = 60.0
ERRNOS = (
    *(errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM),
    *(errno.EPERM, errno.EACCES, errno.EFBIG, errno.EBUSY, errno.ETIMEDOUT),
)
TROUBLES = ["kill", "kill_in_call", "hold_up", "fill", "fail", "strike", "reset", "vanish", "jump"]
NAMES = [b"/a", b"/b/c", b"/b/d", b"/user/1", b"/user/2", b"/z"]


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    trace: int
    answers: int
    commits: int
    complaints: tuple[str, ...]


def simulate(seed: int) -> Outcome:
    """Run a world to its end."""
    trio_run._ALLOW_DETERMINISTIC_SCHEDULING = True  # noqa: SLF001 - trio's own way to the same order each time
    trio_run._r.seed(seed)  # noqa: SLF001
    world = World(seed)
    try:
        trio.run(world.run, clock=trio.testing.MockClock(autojump_threshold=0))
    except* _Stuck:
        pass
    history = world.history
    acknowledged = sum(commit.outcome == ACKNOWLEDGED for commit in history.commits)
    return Outcome(seed, world.clockwork.trace, history.answers, acknowledged, tuple(history.complaints))


class _Stuck(Exception):
    """Something did not end in time; said in the complaints."""


class World:
    """`history` is what its clients saw."""

    def __init__(self, seed: int) -> None:
        self.clockwork = Clockwork(seed)
        chance = self.chance = self.clockwork.chance
        self.history = History(durable=chance.random() < 0.6)
        self.platter = Platter(chance, self.clockwork.time_ns)
        self.kernel = Kernel(self.clockwork, self.platter)
        self.names = chance.sample(NAMES, chance.randint(1, len(NAMES)))
        self.boot = b""
        self.struck = False  # A repair that the disk fails is noted as damage, and rightly.
        rounds = chance.choice((5, 10, 20))
        self.clients = [
            Client(self.clockwork, self.history, self.names, rounds, number) for number in range(chance.randint(1, 6))
        ]
        self.log_bytes = chance.choice((8192, 32_768))
        self.part_bytes = chance.choice((500, 2000, 65_532))
        # Where all troubles come at once, each hides what another would show: some worlds know but a few.
        self.troubles = chance.sample(TROUBLES, chance.randint(1, len(TROUBLES)))
        self.hogs = [Client(self.clockwork, self.history, self.names, 0) for _ in range(chance.choice((0, 0, 1, 2)))]

    async def run(self) -> None:
        with self._in_place():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self.clockwork.run)
                self._boot()
                self._old_journals()
                for _ in range(self.chance.choice((0, 1, 1, 2))):
                    await self._generation(last=False)
                await self._generation(last=True)
                nursery.cancel_scope.cancel()
        self._check()

    # ---- one run of the server --------------------------------------------------------------------------------------

    async def _generation(self, last: bool) -> None:
        """A server from its start to its end: in order, by a kill of everything or of the supervisor alone, or by a
        power cut.
        """
        listener = network.Listener(self.clockwork)
        workers = self.chance.randint(1, 5)
        server = Server(_settings(workers, self.history.durable), self._claim(workers), listener, None, None)
        self._signals, signals = trio.open_memory_channel[int](10)
        self._receiver = signals
        ready = trio.Event()
        end = "stop" if last else self.chance.choice(("power", "power", "kill", "stop", "orphans"))
        async with trio.open_nursery() as everything:
            everything.start_soon(server.run, lambda _: ready.set())
            with trio.move_on_after(LIVENESS_S) as starting:
                await ready.wait()
            self._stuck_if(starting.cancelled_caught, "the server did not start")
            await self._busy(listener, last)
            if end == "stop":
                self._signals.send_nowait(15)
                with trio.move_on_after(2 * LIVENESS_S) as stopping:
                    while not server.ended:
                        await trio.sleep(0.05)
                self._stuck_if(stopping.cancelled_caught, "the server did not stop")
            everything.cancel_scope.cancel()
            if end == "orphans":
                self._kill_supervisor(listener)
            elif end != "stop":
                self._crash(power=end == "power")
        with trio.move_on_after(LIVENESS_S) as ending:
            while self.kernel.alive():  # They hold the directory's lock.
                await trio.sleep(0.01)
        self._stuck_if(ending.cancelled_caught, "workers outlived their supervisor")
        self.clockwork.note("ended", end)

    async def _busy(self, listener: network.Listener, last: bool) -> None:
        """Clients at work amid troubles; in the last run the troubles stop, and then all must come to an end."""
        async with trio.open_nursery() as clients:
            for client in self.clients:
                clients.start_soon(client.live, listener)
            for client in self.hogs:
                clients.start_soon(client.hog, listener)
            with trio.move_on_after(self.chance.random() * 2):
                await self._trouble()
            self.platter.full, self.platter.failing, self.platter.strike = False, 0.0, (-1, 0)
            for worker in self.kernel.alive():
                worker.kill_at = -1
            if not last:
                clients.cancel_scope.cancel()
                return
            with trio.move_on_after(LIVENESS_S) as finishing:
                while any(client.rounds > 0 for client in self.clients):
                    await trio.sleep(0.05)
            self._stuck_if(finishing.cancelled_caught, "an operation did not end after the troubles had")
            with trio.move_on_after(LIVENESS_S) as looking:
                await Client(self.clockwork, self.history, self.names, 1).read_all(listener)
            self._stuck_if(looking.cancelled_caught, "a read did not end after the troubles had")
            clients.cancel_scope.cancel()

    async def _trouble(self) -> None:
        while True:
            await trio.sleep(self.chance.random() * 0.3)
            happening = self.chance.choice(self.troubles)
            self.clockwork.note(happening)
            getattr(self, f"_{happening}")()

    def _kill(self) -> None:
        if alive := self.kernel.alive():
            self.chance.choice(alive).kill()

    def _kill_in_call(self) -> None:
        if alive := self.kernel.alive():
            self.chance.choice(alive).kill_at = self.chance.randrange(20)

    def _hold_up(self) -> None:
        if alive := self.kernel.alive():
            self.chance.choice(alive).hold_up(self.chance.choice((0.05, 1.0, 20.0, HANGS_S)))

    def _fill(self) -> None:
        self.platter.full = not self.platter.full
        self.history.was_full = True

    def _fail(self) -> None:
        self.platter.failing = 0.0 if self.platter.failing else self.chance.choice((0.1, 0.5))
        self.platter.failing_calls = self.chance.choice(("", "sync"))
        self.struck = True

    def _strike(self) -> None:
        number = self.chance.choice(ERRNOS)
        self.platter.strike = (self.chance.randrange(30), number)
        self.struck = True
        self.history.was_full = self.history.was_full or number in (errno.ENOSPC, errno.EDQUOT)

    def _reset(self) -> None:
        client = self.chance.choice(self.clients)
        if client.socket is not None and client.socket.peer is not None:
            client.socket.reset()
            client.socket.peer.reset()

    def _vanish(self) -> None:
        self.chance.choice(self.clients).vanish()

    def _jump(self) -> None:
        self.clockwork.wall_jump_s = self.chance.uniform(-86_400, 86_400)

    def _crash(self, power: bool) -> None:
        for worker in self.kernel.alive():
            worker.kill()
        if power:
            self.platter.cut_power()
            self._boot()
            self.history.cut_power()

    def _kill_supervisor(self, listener: network.Listener) -> None:
        """Its sockets end; the workers finish what has arrived, if they are not killed with it a little later."""
        self.kernel.close_channels()
        for client in (*self.clients, *self.hogs):
            if client.socket is not None and client.socket.peer is not None:
                client.socket.peer.close()
                client.socket.reset()
        listener.close()
        for worker in self.kernel.alive():
            if worker.hangs or self.chance.random() < 0.5:
                self.clockwork.later(self.chance.random() * 0.01, worker.kill)

    # ---- what it stands on ------------------------------------------------------------------------------------------

    def _boot(self) -> None:
        self.boot = b"%036d" % self.chance.getrandbits(64)

    def _old_journals(self) -> None:
        """Journals that were here before this server, one of them torn; `claim` doubts such."""
        if self.chance.random() < 0.5:
            return
        for name in self.names[:2]:
            commit = self.history.begin(name, frozenset({b"old"}), [b"old"], 0)
            line = b"2020-01-01T00:00:00.000 " + commit.events
            self.history.acknowledge(commit, len(line) + 1)
            torn = self.chance.choice((b"", b"2020-01-01T00:00:01.000 E torn", bytes(30)))
            self._put(path_of(name), line + b"\0" + torn)
        self._put(trust.UNVOUCHED, b"%d\told\n" % self.clockwork.time_ns())

    def _put(self, path: str, data: bytes) -> None:
        file = self.platter.files[path] = File()
        file.write(0, data, self.clockwork.time_ns())
        self.platter.sync_all()

    def _claim(self, workers: int) -> Claim:
        found = {
            int(path.removeprefix(".everstore/worker-").removesuffix(".commits")): bytes(file.data[:SECTOR_BYTES])
            for path, file in sorted(self.platter.files.items())
            if path.startswith(".everstore/worker-") and path.endswith(".commits")
        }
        headers = [decode_header(sector) for sector in found.values() if sector.strip(b"\0")]
        same = all(header is not None and header.workers == workers for header in headers)
        return Claim("simulated", 0, sorted(found), same)

    def _stuck_if(self, stuck: bool, what: str) -> None:
        if stuck:
            self.history.complain(what)
            self._crash(power=False)
            raise _Stuck

    def _check(self) -> None:
        journals = {
            name: bytes(file.data) for path, file in self.platter.files.items() if file.data and (name := name_of(path))
        }
        for name, what in self._damaged().items():
            if not self.struck:
                self.history.complain(f"noted as damaged: {name!r}: {what!r}")
            journals[name] = _repaired(journals.get(name, b""))
            self.history.kept[name] = self._kept(path_of(name))
        self.history.check(journals)
        self.clockwork.note(sorted(journals.items()), self.history.answers)

    def _damaged(self) -> dict[bytes, bytes]:
        file = self.platter.files.get(trust.DAMAGED)
        return trust.damaged_lines(bytes(file.data)) if file else {}

    def _kept(self, path: str) -> bytes:
        return b"\n".join(bytes(file.data) for at, file in sorted(self.platter.files.items()) if f"{path}.torn-" in at)

    def _exception(self, message: str, **_: object) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, Killed | Left):
            self.history.complain(f"{message}: {error!r}")

    @contextmanager
    def _in_place(self) -> Iterator[None]:
        """The world stands where the kernel stood, for as long as it lasts."""
        time, mapping = MachineTime(self.clockwork), Mapping(self.platter)
        chance = self.chance
        with ExitStack() as places:
            for where, name, what in (
                (trio.lowlevel, "wait_readable", network.wait_readable),
                (trio.lowlevel, "wait_writable", network.wait_writable),
                (trio.lowlevel, "notify_closing", lambda sock: sock.changed()),
                (trio, "open_signal_receiver", self._signal_receiver),
                (worker_link, "fork", self.kernel.fork),
                (worker_link, "os", self.kernel),
                (pulse, "look_at", lambda _: (b"S", 0)),
                (tcp, "unread_bytes", lambda sock: len(sock.inbox)),
                (tcp, "unacknowledged_bytes", lambda sock: sock.unsent_bytes()),
                (loop, "Disk", lambda _: self.kernel.current().disk),
                (loop, "select", Polling),
                (loop, "boot_id", lambda: self.boot),
                (recovery, "boot_id", lambda: self.boot),
                (repair, "mmap", mapping),
                (replay, "mmap", mapping),
                (clock, "time", MachineTime(self.clockwork, wall=True)),
                (transactions, "os", SimpleNamespace(urandom=chance.randbytes)),
                (log, "exception", self._exception),
                (log._logger, "disabled", True),  # noqa: SLF001 - thousands of lines that nobody reads
                (limits, "COMMIT_LOG_BYTES", self.log_bytes),
                (limits, "CREDIT_BYTES", 3 * self.part_bytes),
                (reads, "PART_BYTES", self.part_bytes),
                *((module, "time", time) for module in (loop, recovery, repair, trust, server_module)),
            ):
                places.enter_context(_replaced(where, name, what))
            yield

    @contextmanager
    def _signal_receiver(self, *_: int) -> Iterator[trio.MemoryReceiveChannel[int]]:
        yield self._receiver


@contextmanager
def _replaced(where: Any, name: str, what: object) -> Iterator[None]:
    before = getattr(where, name)
    setattr(where, name, what)
    try:
        yield
    finally:
        setattr(where, name, before)


def _repaired(data: bytes) -> bytes:
    """A damaged journal as `everstore repair` leaves it."""
    verdict = judge(data)
    kept = bytearray(data[: verdict.keep])
    for at in verdict.turn:
        kept[at : at + 1] = b"\n"
    return bytes(kept)


def _settings(workers: int, durable: bool) -> Settings:
    texts = {"workers": str(workers), "durability": "fsync" if durable else "os", "log-level": "error"}
    return replace(load(texts, {}, None), max_connections=100, max_request=2**20)
