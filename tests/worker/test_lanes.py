"""Lanes without a server: socket pairs in place of connections, and answers made up. What real ones do, and to whom,
stands in `tests/protocol/test_lanes.py`.
"""

from __future__ import annotations

import random
import resource
import select
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress

import pytest
from support import frames
from support.frames import HEADER, Reply

from everstore import limits
from everstore.engine.batch import Answer
from everstore.journal.names import owner
from everstore.worker.channel import ENDED, ITEM, LEFT, TAKEN, Item
from everstore.worker.lanes import Lanes

OURS = next(b"/%d" % each for each in range(99) if owner(b"/%d" % each, 2) == 1)
UID = 7
EXISTS = frames.exists(OURS)
PART = HEADER.pack(frames.READ, 65_000, 1, 1, 1) + bytes(65_000)


class World:
    """A worker's lanes, the supervisor's end of its hatch, and a clock."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.watched: list[int] = []
        self.forgotten: list[int] = []
        self.sockets: list[socket.socket] = []
        self.hatch, theirs = self.pair(socket.SOCK_SEQPACKET)
        self.lanes = Lanes((1, 2), theirs, (8 * 2**20, 60.0), self.watched.append, self.forgotten.append)

    def pair(self, kind: int = socket.SOCK_STREAM) -> tuple[socket.socket, socket.socket]:
        made = socket.socketpair(socket.AF_UNIX, kind)
        self.sockets += made
        return made

    def give(self, number: int, rest: bytes = b"", packet: int | None = None) -> socket.socket:
        """The client's end of a connection that is handed over."""
        client, theirs = self.pair()
        client.settimeout(5)
        theirs.setblocking(False)
        socket.send_fds(self.hatch, [(packet or number).to_bytes(4, "little")], [theirs.fileno()])
        theirs.close()
        self.lanes.take_over(number, UID, rest, self.now)
        return client

    def lane(self, number: int, rest: bytes = b"") -> socket.socket:
        client = self.give(number, rest)
        assert client.recv(20) == frames.frame(frames.LANE, UID, worker=1)
        assert self.notes() == [(TAKEN, number)]
        return client

    def notes(self) -> list[tuple[int, int]]:
        said, self.lanes.notes[:] = b"".join(self.lanes.notes), []
        return [(kind, uid) for _, kind, _, uid, _, _ in ITEM.iter_unpack(said)]

    def work(self, seconds: float = 0.0) -> None:
        self.now += seconds
        self.lanes.work(self.now)

    def close(self) -> None:
        for number in range(1, 200):
            self.lanes.revoke(number)
        if self.watched:
            self.work()
            self.lanes._epoll.close()  # noqa: SLF001 - a worker keeps it as long as it lives
        for each in self.sockets:
            each.close()


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.close()


def numbers(items: list[Item]) -> list[int]:
    return [number for number, _ in items]


def received(client: socket.socket) -> list[Reply]:
    """All that is there."""
    client.setblocking(False)
    data = b""
    try:
        while more := client.recv(1 << 20):
            data += more
    except BlockingIOError:
        pass
    found: list[Reply] = []
    while data:
        kind, size, *others = HEADER.unpack_from(data)
        found.append(Reply(kind, size, *others, data[20 : 20 + size]))
        data = data[20 + size :]
    return found


def test_there_is_nothing_to_wait_for_before_the_first(world: World) -> None:
    assert (bool(world.lanes), world.watched, world.lanes.finish(0.0)) == (False, [], True)
    world.lane(1)
    world.lane(2)
    assert (bool(world.lanes), world.watched) == (True, [world.lanes.descriptor])


def test_what_came_before_is_heard_first(world: World) -> None:
    client = world.lane(1, EXISTS + EXISTS[:10])
    assert world.lanes.is_busy
    client.send(EXISTS[10:])
    found = world.lanes.take() + world.lanes.take()
    assert [frame[0] for _, frame in found] == [frames.EXISTS] * 2
    assert not world.lanes.is_busy


@pytest.mark.parametrize("packet", [2, 99])
def test_a_packet_that_speaks_of_another_connection_is_not_taken(world: World, packet: int) -> None:
    client = world.give(1, packet=packet)
    assert (world.notes(), bool(world.lanes), client.recv(1)) == ([(LEFT, 1)], False, b"")


def test_without_a_packet_or_a_descriptor_there_is_no_lane(world: World) -> None:
    world.lanes.take_over(1, UID, b"", world.now)
    world.hatch.send((2).to_bytes(4, "little"))
    world.lanes.take_over(2, UID, b"", world.now)
    assert world.notes() == [(LEFT, 1), (LEFT, 2)]


def test_what_is_no_socket_is_no_lane(world: World) -> None:
    with open("/dev/null", "rb") as file:
        socket.send_fds(world.hatch, [(1).to_bytes(4, "little")], [file.fileno()])
    world.lanes.take_over(1, UID, b"", world.now)
    assert world.notes() == [(LEFT, 1)]


@pytest.mark.parametrize(
    ("descriptors", "most"),
    [(resource.RLIM_INFINITY, limits.LANES_MAX), (2**20, limits.LANES_MAX), (600, 600 - 512 - 32), (300, 0)],
)
def test_journals_have_their_descriptors_before_lanes(
    world: World, monkeypatch: pytest.MonkeyPatch, descriptors: int, most: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (descriptors, descriptors))
    for number in range(1, most + 2):
        world.give(number)
    assert world.notes() == [(TAKEN, number) for number in range(1, most + 1)] + [(LEFT, most + 1)]


def test_one_that_sends_much_does_not_hold_up_the_others(world: World) -> None:
    busy, *others = [world.lane(number) for number in range(1, 5)]
    busy.setblocking(False)
    busy.send(EXISTS * 2000)
    for each in others:
        each.send(EXISTS * 2)
    found = numbers(world.lanes.take())
    assert [found.count(number) for number in (2, 3, 4)] == [2, 2, 2]
    assert found.count(1) == limits.BATCH_REQUESTS_MAX // 4
    assert world.lanes.is_busy


def test_a_batch_ends_when_it_is_full_and_goes_on_with_the_others(world: World) -> None:
    clients = {number: world.lane(number) for number in range(1, 41)}
    for each in clients.values():
        each.send(EXISTS * 20)
    counts = dict.fromkeys(clients, 0)
    while found := numbers(world.lanes.take()):
        assert len(found) <= limits.BATCH_REQUESTS_MAX + limits.TURN_REQUESTS
        for number in found:
            counts[number] += 1
    assert set(counts.values()) == {20}


def test_answers_go_to_their_lanes_and_the_others_to_the_channel(world: World) -> None:
    first, second = world.lane(1), world.lane(2)
    answers = [(1, frames.frame(8, 1)), (3, b"the channel's"), (2, frames.frame(8, 2)), (1, iter([frames.frame(7, 3)]))]
    assert world.lanes.answer(answers) == [(3, b"the channel's")]
    world.work()
    assert [each.uid for each in received(first)] == [1, 3]
    assert [each.uid for each in received(second)] == [2]


def test_one_that_does_not_read_is_not_read_from_and_in_the_end_dropped(world: World) -> None:
    client, other = world.lane(1), world.lane(2)
    while not (world.lanes.answer([(1, PART)]) or world.lanes._lanes[1].owed >= limits.OWED_BYTES_MAX):  # noqa: SLF001
        world.work()
    client.send(EXISTS)
    other.send(EXISTS)
    assert numbers(world.lanes.take()) == [2]
    for _ in range(50):
        world.work(1.0)
    assert world.notes() == []
    for _ in range(12):
        world.work(1.0)
    # The other, which says nothing, is idle by then, too.
    assert sorted(world.notes()) == [(ENDED, 1), (ENDED, 2)]
    assert sorted(world.forgotten) == [1, 2]


def test_one_that_reads_again_is_read_from_again(world: World) -> None:
    client = world.lane(1)
    while world.lanes._lanes[1].owed < limits.OWED_BYTES_MAX:  # noqa: SLF001
        world.lanes.answer([(1, PART)])
        world.work()
    client.send(EXISTS)
    assert world.lanes.take() == []
    found: list[Item] = []
    while not found:
        received(client)
        found = world.lanes.take()
        world.work()
    assert numbers(found) == [1]


def test_a_long_read_is_made_as_far_as_it_is_taken_and_what_stands_behind_it_waits(world: World) -> None:
    client = world.lane(1)
    made: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(100):
            made.append(number)
            yield PART

    client.send(EXISTS)
    world.lanes.answer([(1, parts()), (1, frames.frame(8, 9))])
    for _ in range(100):
        world.work()
        assert world.lanes.take() == [], "it has answers to take first"
    assert 3 <= len(made) < 20
    replies: list[int] = []
    data = b""
    client.setblocking(False)
    while 9 not in replies:
        try:
            data += client.recv(1 << 20)
        except BlockingIOError:
            world.lanes.take()
            world.work()
        while len(data) >= 20 and len(data) >= 20 + HEADER.unpack_from(data)[1]:
            replies.append(HEADER.unpack_from(data)[2])
            data = data[20 + HEADER.unpack_from(data)[1] :]
    assert replies == [1] * 100 + [9]


def test_parts_that_may_be_sent_are_not_waited_with(world: World) -> None:
    client = world.lane(1)
    world.lanes.answer([(1, iter([PART] * 50))])
    while world.lanes.is_busy:
        world.work()
    assert received(client)
    world.lanes.take()
    assert world.lanes.is_busy, "it has taken some, and nothing else will happen"


def test_when_all_are_owed_much_those_are_served_that_owe_nothing_and_few_requests_of_each(world: World) -> None:
    deaf = [world.lane(number) for number in range(1, 25)]
    other = world.lane(30)
    for _ in range(12):
        world.lanes.answer([(number, PART) for number in range(1, 25)])
        world.work()
    for each in (*deaf, other):
        each.send(EXISTS * 100)
    assert numbers(world.lanes.take()) == [30] * limits.TURN_REQUESTS
    world.work(limits.PRESSED_S_MAX + 1)
    world.work(limits.PRESSED_S_MAX + 1)
    assert [number for kind, number in world.notes() if kind == ENDED] == list(range(1, 25))


def test_a_lane_that_is_reset_ends_and_what_was_decided_for_it_is_dropped(world: World) -> None:
    client, other = world.lane(1), world.lane(2)
    client.send(EXISTS)
    assert numbers(world.lanes.take()) == [1]
    client.close()
    assert world.lanes.take() == []
    assert world.lanes.answer([(1, iter([PART] * 9)), (1, frames.frame(8)), (2, frames.frame(8, 5))]) == []
    world.work()
    assert (world.notes(), world.forgotten) == ([(ENDED, 1)], [1])
    world.work()
    assert [each.uid for each in received(other)] == [5]


def test_one_that_waits_for_room_ends_when_its_client_is_gone(world: World) -> None:
    large = frames.frame(frames.READ, 1, bytes(3_000_000))[:1000]
    first, second = world.lane(1), world.lane(2)
    for each in (first, second):
        each.send(large)
        assert world.lanes.take() == []
    second.close()
    assert world.lanes.take() == []
    world.work()
    assert world.notes() == [(ENDED, 2)]


class BreaksUnderWay:
    """A socket that takes half of what it is given, and then nothing more."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sends = 0

    def sendmsg(self, pieces: list[memoryview]) -> int:
        self._sends += 1
        if self._sends > 1:
            raise BrokenPipeError
        return sum(map(len, pieces)) // 2

    def __getattr__(self, name: str) -> object:
        return getattr(self._sock, name)


def test_one_that_breaks_while_its_long_read_is_made_costs_nobody_anything(world: World) -> None:
    world.lane(1)
    lane = world.lanes._lanes[1]  # noqa: SLF001
    lane.sock = BreaksUnderWay(lane.sock)  # type: ignore[assignment]
    world.lanes.answer([(1, iter([PART] * 20))])
    world.work()
    world.work()
    assert world.notes() == [(ENDED, 1)]
    assert not world.lanes


def test_one_that_has_sent_its_last_byte_gets_its_answers_and_ends(world: World) -> None:
    client = world.lane(1)
    client.send(EXISTS)
    client.shutdown(socket.SHUT_WR)
    assert numbers(world.lanes.take()) == [1]
    world.lanes.take()
    world.lanes.answer([(1, frames.frame(8, 4))])
    world.work()
    assert [each.uid for each in received(client)] == [4]
    world.lanes.take()
    world.work()
    assert world.notes() == [(ENDED, 1)]


def test_rubbish_is_refused_and_what_comes_behind_it_is_dropped_for_a_while(world: World) -> None:
    client = world.lane(1)
    client.send(b"GET / HTTP/1.1\r\n\r\n\r\n")
    assert world.lanes.take() == []
    world.work()
    client.send(b"and more" * 1000)
    world.lanes.take()
    world.work(limits.RUBBISH_LINGER_S / 2)
    assert [each.code for each in received(client)] == [1]
    assert world.notes() == []
    world.work(limits.RUBBISH_LINGER_S)
    assert world.notes() == [(ENDED, 1)]


def test_a_request_over_the_limit_is_refused_and_its_body_skipped(world: World) -> None:
    client = world.lane(1)
    client.setblocking(False)
    body = memoryview(frames.frame(frames.READ, 5, bytes(8 * 2**20 + 1)) + EXISTS)
    found: list[Item] = []
    while not found:
        if body:
            body = body[client.send(body[: 1 << 16]) :]
        found = world.lanes.take()
    assert [frame[0] for _, frame in found] == [frames.EXISTS]
    assert [(each.code, each.uid) for each in received(client)] == [(1, 5)]


def test_the_supervisor_may_end_one(world: World) -> None:
    client = world.lane(1)
    world.lanes.revoke(1)
    world.lanes.revoke(99)
    world.work()
    assert (client.recv(1), world.notes()) == (b"", [(ENDED, 1)])


def test_a_worker_that_leaves_hears_what_has_arrived_and_nothing_later(world: World) -> None:
    client, idle = world.lane(1), world.lane(2)
    client.send(EXISTS * 600 + EXISTS[:5])
    assert len(world.lanes.take()) == limits.BATCH_REQUESTS_MAX
    assert not world.lanes.finish(world.now)
    client.send(EXISTS[5:] + EXISTS * 10)
    found = [each for _ in range(5) for each in world.lanes.take()]
    assert len(found) == 600 - limits.BATCH_REQUESTS_MAX
    world.lanes.answer([(1, frames.frame(8, 3))])
    assert not world.lanes.finish(world.now)
    world.work()
    assert [each.uid for each in received(client)] == [3]
    while not world.lanes.finish(world.now):
        world.lanes.take(0.01)
        world.work(0.02)
    assert idle.recv(1) == b""
    assert sorted(world.notes()) == [(ENDED, 1), (ENDED, 2)]


def test_it_does_not_wait_for_ever_for_one_that_takes_no_answers(world: World) -> None:
    world.lane(1)
    world.lanes.answer([(1, PART)] * 20)
    world.work()
    assert not world.lanes.finish(world.now)
    world.work(1.0)
    assert not world.lanes.finish(world.now)
    assert world.lanes.finish(world.now + limits.SHUTDOWN_S_MAX)


def test_an_idle_lane_takes_less_than_two_kilobytes(world: World) -> None:
    world.lane(1)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        clients = [world.give(number) for number in range(2, 102)]
        for client in clients:
            client.send(EXISTS)
        while numbers(world.lanes.take()):
            world.work()
        world.notes()
        assert len(clients) == 100
        # Of the test's own, each client is a socket.
        taken = (tracemalloc.get_traced_memory()[0] - before) / 100
    finally:
        tracemalloc.stop()
    assert taken < 2048, taken


def test_what_happens_shows_at_the_descriptor_that_is_waited_for(world: World) -> None:
    client = world.lane(1)
    poll = select.poll()
    poll.register(world.watched[0], select.POLLIN)
    assert poll.poll(0) == []
    client.send(EXISTS)
    assert poll.poll(1000) == [(world.lanes.descriptor, select.POLLIN)]


class Clients:
    """Clients of every kind, at random: each does what it likes, and checks the answers that it gets."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self.world = world
        self.chance = chance
        self.sockets: dict[int, socket.socket] = {}
        self.asked: dict[int, list[int]] = {}
        self.heard: dict[int, bytes] = {}
        self.sending: dict[int, bytes] = {}
        self.open: list[tuple[int, int]] = []
        self.last = 0

    def come(self) -> None:
        self.last += 1
        rest = EXISTS * self.chance.choice((0, 0, 3))
        client = self.sockets[self.last] = self.world.give(self.last, rest)
        client.setblocking(False)
        self.asked[self.last] = [0] * (len(rest) // len(EXISTS))
        self.heard[self.last] = self.sending[self.last] = b""

    def act(self) -> None:
        number = self.chance.choice(list(self.sockets))
        deed = self.chance.choices((self.send, self.read, self.close, self.end, self.spoil), (8, 8, 0.2, 0.3, 0.2))[0]
        deed(number)

    def send(self, number: int) -> None:
        if not self.sending[number]:
            uid = self.chance.randrange(1, 2**32)
            count = self.chance.choice((1, 5, 700))
            size = self.chance.choice((0, 0, 0, 100, 90_000, 3_000_000)) if count == 1 else 0
            body = (len(OURS)).to_bytes(4, "little") + OURS + bytes(size)
            self.sending[number] = frames.frame(frames.EXISTS, uid, body) * count
            self.asked[number] += [uid] * count
        with suppress(OSError):
            cut = self.chance.choice((1, 30, 1 << 20))
            sent = self.sockets[number].send(self.sending[number][:cut])
            self.sending[number] = self.sending[number][sent:]

    def read(self, number: int) -> None:
        with suppress(OSError):
            self.heard[number] += self.sockets[number].recv(self.chance.choice((10, 1 << 20)))

    def close(self, number: int) -> None:
        self.sockets.pop(number).close()

    def end(self, number: int) -> None:
        with suppress(OSError):
            self.sockets[number].shutdown(socket.SHUT_WR)

    def spoil(self, number: int) -> None:
        with suppress(OSError):
            self.sockets[number].send(self.chance.randbytes(30))

    def answer(self, items: list[Item]) -> list[Answer]:
        """Whole or in parts, the parts now and then empty, as those of a slow search."""
        answers: list[Answer] = []
        for number, frame in items:
            whole = frames.frame(frame[0], frame[2])
            kind = self.chance.randrange(10)
            part = frames.frame(frame[0], frame[2], bytes(60_000), properties=1)
            answers.append((number, whole if kind else iter([part] * 5 + [b""] * 2 + [part, whole])))
        return answers

    def check(self) -> int:
        """Each was answered in order what it has asked, as far as it has heard; how many answers those are."""
        found = 0
        for number, heard in self.heard.items():
            uids: list[int] = []
            while len(heard) >= 20 and len(heard) >= 20 + HEADER.unpack_from(heard)[1]:
                kind, size, uid, properties, _ = HEADER.unpack_from(heard)
                if kind == frames.EXISTS and not properties:
                    uids.append(uid)
                heard = heard[20 + size :]
            assert uids == self.asked[number][: len(uids)]
            found += len(uids)
        return found


@pytest.mark.parametrize("seed", range(8))
def test_whatever_clients_do_each_hears_its_answers_in_order_and_nothing_is_left_of_those_who_went(seed: int) -> None:
    world, chance = World(), random.Random(seed)
    clients = Clients(world, chance)
    lanes = world.lanes
    try:
        for step in range(400):
            if not clients.sockets or chance.random() < 0.02:
                clients.come()
            clients.act()
            if lanes:
                lanes.answer(clients.answer(lanes.take()))
                world.work(chance.choice((0.0, 0.0, 0.01, 0.3)))
            assert lanes._owed == sum(each.owed for each in lanes._lanes.values()), step  # noqa: SLF001
        assert clients.check() > 10
        for each in clients.sockets.values():
            each.close()
        for _ in range(100):
            if lanes:
                lanes.answer(clients.answer(lanes.take()))
                world.work(1.0)
        assert not lanes
        assert (lanes._owed, lanes.is_busy, lanes._begun.is_short) == (0, False, False)  # noqa: SLF001
        assert sorted(world.forgotten) == list(range(1, clients.last + 1))
    finally:
        world.close()
