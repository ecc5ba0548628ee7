"""Lanes through real servers: who gets one, what it carries, and how it ends."""

from __future__ import annotations

import os
import resource
import signal
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import orjson
import pytest
from support import frames
from support.certificates import Authority
from support.frames import Reply
from support.patched import patched
from support.server import RunningServer, alive
from support.users import user, write_users
from support.waiting import until
from support.wire import Client

from everstore.journal.names import owner
from everstore.users.roll import READ_ONLY

WORKERS = 2
UID = 77
NAMES = {worker: next(n for i in count() if owner(n := b"/n%d" % i, WORKERS) == worker) for worker in (1, 2)}
EVENT = b"t " + b"x" * 200


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "journals", workers=WORKERS) as running:
        yield running


@contextmanager
def lane(server: RunningServer, worker: int = 1) -> Iterator[Client]:
    with Client(server.port) as client:
        assert client.ask(frames.lane(worker, UID)) == Reply(frames.LANE, 0, UID, 0, worker, b"")
        yield client


def appended(client: Client, sequence: int, name: bytes = NAMES[1], worker: int = 1) -> int:
    """The journal's size behind one append."""
    return outcome(client.ask(frames.append(name, b"t %d" % sequence, worker, sequence, uid=sequence)))


def outcome(reply: Reply) -> int:
    assert reply.kind == frames.APPEND, reply
    one, code, position, _, _ = struct.unpack_from("<IIQQI", reply.body)
    assert (one, code) == (1, 0), reply
    return int(position)


def fetched(client: Client, name: bytes = NAMES[1]) -> list[bytes]:
    text = b""
    client.send(frames.fetch(name))
    while True:
        reply = client.receive()
        assert reply.kind == frames.FETCH, reply
        text += reply.body[20:]
        if not reply.properties & frames.MULTIPART:
            return text.split(b"\n")


def status(client: Client) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(client.ask(frames.status()).body[4:])
    return found


def lanes_told(client: Client) -> list[int]:
    workers = status(client)["workers"]
    assert isinstance(workers, list)
    return [each["lanes"] for each in workers]


def lanes(server: RunningServer) -> list[int]:
    with Client(server.port) as client:
        return lanes_told(client)


def test_a_lane_carries_what_a_connection_does_for_its_workers_journals(server: RunningServer) -> None:
    with lane(server) as client, Client(server.port) as other:
        assert [appended(client, number) for number in (1, 2)] == [28, 56]
        assert fetched(client) == [b"t 1", b"t 2"]
        assert client.append(NAMES[1], b"t 3") == 84
        assert client.events(NAMES[1]) == [b"t 1", b"t 2", b"t 3"]
        assert client.exists(NAMES[1])
        assert client.list() == (False, [NAMES[1]])
        assert client.rollback(client.open(NAMES[1])) == b"\1"
        assert orjson.loads(client.ask(frames.status(1)).body[4:])["worker"] == 1
        assert other.events(NAMES[1]) == [b"t 1", b"t 2", b"t 3"]
        assert appended(other, 1) == 28, "an append that comes again over another connection is not done again"


def test_what_is_not_the_workers_is_refused_and_the_lane_goes_on(server: RunningServer) -> None:
    with lane(server) as client, Client(server.port) as other:
        assert client.ask(frames.fetch(NAMES[2])).code == 3
        assert client.ask(frames.append(NAMES[2], b"t 1", 2, 1)).code == 3
        assert client.ask(frames.append(NAMES[2], b"t 1", 1, 1)).body[4:8] == b"\3\0\0\0", "its header lies"
        for request in (
            frames.open_transaction(NAMES[2]),
            frames.commit(NAMES[2], 1, 5, b"", b"t 1"),
            frames.rollback(NAMES[2], 1, 5),
            frames.read(NAMES[2], 1, 0, 9),
            frames.exists(NAMES[2]),
            frames.status(),
            frames.status(2),
        ):
            assert client.ask(request).code == 3
        for request in (frames.native(), frames.lane(1), frames.login(), frames.frame(99), frames.frame(frames.FETCH)):
            assert client.ask(request).code == 1
        assert appended(client, 1) == 28
        assert not other.exists(NAMES[2])


def test_frames_over_a_lane_may_be_cut_anywhere_and_large_ones_are(server: RunningServer) -> None:
    large = [b"t " + b"l" * 300_000, b"t " + b"m" * 5_000_000]
    with lane(server) as client:
        request = frames.append(NAMES[1], b"t 1", 1, 1) + frames.fetch(NAMES[1])
        client.send_cut(request, range(1, len(request)))
        assert outcome(client.receive()) == 28
        assert client.receive().body[20:] == b"t 1"
        sizes = [outcome(client.ask(frames.append(NAMES[1], each, 1, 2 + at))) for at, each in enumerate(large)]
        assert sizes == [28 + 24 + 300_003, 28 + 24 + 300_003 + 24 + 5_000_003]
        assert fetched(client) == [b"t 1", *large]


def test_many_requests_at_once_are_all_answered_in_order(server: RunningServer) -> None:
    with lane(server) as client, Client(server.port) as other:
        client.send(*(frames.append(NAMES[1], b"t 1", 1, at, uid=at) for at in range(1, 3001)))
        other.send(*(frames.append(NAMES[1], b"t 1", 1, at, client=bytes(16), uid=at) for at in range(1, 1001)))
        assert [client.receive().uid for _ in range(3000)] == list(range(1, 3001))
        assert [other.receive().uid for _ in range(1000)] == list(range(1, 1001))
        assert len(fetched(client)) == 4000


def test_what_is_sent_behind_the_request_is_heard_by_whoever_has_the_connection(server: RunningServer) -> None:
    behind = [frames.append(NAMES[1], b"t %d" % at, 1, at, uid=at) for at in range(1, 400)]
    with Client(server.port, login=False) as client:
        client.send(frames.login(), frames.lane(1, UID), *behind, behind[0][:30])
        assert client.receive_exactly(3) == b"\0\1\1"
        assert client.receive().kind == frames.LANE
        assert [client.receive().uid for _ in behind] == list(range(1, 400))
        assert client.ask(behind[0][30:]).uid == 1
    with Client(server.port) as client:
        client.send(frames.lane(9, UID), frames.lane(9, UID), *behind)
        assert [client.receive().code for _ in range(2)] == [3, 3]
        assert [client.receive().uid for _ in behind] == list(range(1, 400))


def test_transactions_opened_before_live_on_and_end_with_the_lane(server: RunningServer) -> None:
    with Client(server.port) as client, Client(server.port) as other:
        before = client.open(NAMES[1])
        assert client.ask(frames.lane(1)).kind == frames.LANE
        assert client.commit(before, b"t 1").succeeded
        kept = client.open(NAMES[1])
        client.socket.shutdown(socket.SHUT_WR)
        assert client.until_closed() == b""
        until(lambda: lanes(server) == [0, 0], "it has ended")
        assert other.ask(frames.commit(NAMES[1], 1, kept.transaction, b"", b"t 2")).code in (4, 6)


@pytest.mark.parametrize(
    ("worker", "code"), [(0, 3), (WORKERS + 1, 3), (2**32 - 1, 3)], ids=["none", "past the last", "far past it"]
)
def test_there_is_no_lane_to_a_worker_that_there_is_not(server: RunningServer, worker: int, code: int) -> None:
    with Client(server.port) as client:
        assert client.ask(frames.lane(worker, UID))[:3] == (frames.ERROR, 4, UID)
        assert client.ask(frames.lane(worker)).code == code
        assert appended(client, 1) == 28


def test_a_connection_with_requests_in_flight_stays(server: RunningServer) -> None:
    (pid, *_) = server.worker_pids()
    os.kill(pid, signal.SIGSTOP)
    try:
        with Client(server.port) as client:
            client.send(frames.exists(NAMES[1]), frames.exists(NAMES[2]), frames.lane(1), frames.lane(2))
            first = client.receive_many(3)
            os.kill(pid, signal.SIGCONT)
            codes = [each.code for each in [*first, client.receive()] if each.kind == frames.ERROR]
            assert codes == [18, 18]
    finally:
        os.kill(pid, signal.SIGCONT)


def test_an_encrypted_connection_stays(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    issued = authority.issue()
    context = ssl.create_default_context(cafile=str(authority.ca))
    options = {"tls_certificate": issued.certificate, "tls_key": issued.key}
    with (
        RunningServer(tmp_path / "journals", workers=WORKERS, **options) as server,
        Client(server.port, tls=context) as client,
    ):
        assert client.ask(frames.lane(1)).code == 18
        assert appended(client, 1) == 28


def test_limited_users_get_none_and_those_who_become_so_lose_theirs(tmp_path: Path) -> None:
    everything = user("all", "secret")
    path = write_users(
        tmp_path / "users.json", everything, user("some", "secret", "/a/"), user("reader", "secret", reads_only=True)
    )
    with RunningServer(tmp_path / "journals", workers=WORKERS, users=path) as server, ExitStack() as stack:
        for name in (b"some", b"reader"):
            with Client(server.port, name, b"secret") as client:
                assert client.ask(frames.lane(1)).code == 16
        first, second = (stack.enter_context(Client(server.port, b"all", b"secret")) for _ in range(2))
        assert first.ask(frames.lane(1)).kind == frames.LANE
        assert appended(first, 1) == 28
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "users read" in server.log(), "the users are read again")
        assert appended(first, 2) == 56, "one who has lost no right keeps it"
        assert second.ask(frames.lane(2)).kind == frames.LANE
        write_users(path, replace(everything, role=READ_ONLY))
        server.process.send_signal(signal.SIGHUP)
        assert first.until_closed() == second.until_closed() == b""
        until(lambda: "SIGHUP: 2 lanes end" in server.log(), "it is logged")


def test_a_worker_has_no_more_lanes_than_its_limit_and_one_that_ends_makes_room(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", "from everstore import limits\nlimits.LANES_MAX = 3\n")
    with RunningServer(tmp_path / "journals", workers=WORKERS, env=env) as server, ExitStack() as stack:
        first, *_ = [stack.enter_context(lane(server)) for _ in range(3)]
        with Client(server.port) as late:
            assert late.ask(frames.lane(1)).code == 18
            assert late.ask(frames.lane(2)).kind == frames.LANE
        until(lambda: lanes(server) == [3, 0], "the lanes are counted")
        first.socket.close()
        first._file.close()  # noqa: SLF001 - it holds the socket open
        until(lambda: lanes(server) == [2, 0], "the lane has ended")
        stack.enter_context(lane(server))


def test_lanes_are_connections_of_the_server_and_take_no_more_than_half_of_them(tmp_path: Path) -> None:
    limited = RunningServer(tmp_path / "journals", workers=WORKERS, max_connections=4)
    with limited as server, ExitStack() as both:
        for worker in (1, 2):
            both.enter_context(lane(server, worker))
        with Client(server.port) as third:
            with Client(server.port) as fourth:
                assert third.ask(frames.lane(1)).code == 18
                assert fourth.exists(NAMES[1]) is False
                assert status(third)["connections"] == 4
                with Client(server.port, login=False) as fifth:
                    assert fifth.until_closed() == b""
            both.close()
            # A new connection would have no place before the server has seen the others end.
            until(lambda: lanes_told(third) == [0, 0], "the lanes have ended")


def test_where_the_worker_has_no_descriptor_the_connection_stays(tmp_path: Path) -> None:
    """The packet comes through the hatch without it, and what the channel carries is not touched."""
    with RunningServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
        assert appended(client, 1) == 28
        (pid,) = server.worker_pids()
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = max(int(each) for each in os.listdir(f"/proc/{pid}/fd")) + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, before[1]))
        assert [client.ask(frames.lane(1)).code for _ in range(3)] == [18] * 3
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        assert appended(client, 2) == 56
        assert client.ask(frames.lane(1)).kind == frames.LANE
        assert appended(client, 3) == 84


def first_worker(server: RunningServer) -> int:
    """The process of the worker that NAMES[1] belongs to."""
    (found,) = [pid for pid in server.worker_pids() if Path(f"/proc/{pid}/comm").read_text() == "es-worker-1\n"]
    return found


def test_a_killed_workers_lanes_close_and_its_successor_has_others(server: RunningServer) -> None:
    with lane(server) as client, lane(server, 2) as other:
        assert appended(client, 1) == 28
        os.kill(first_worker(server), signal.SIGKILL)
        assert client.until_closed() == b""
        assert appended(other, 1, NAMES[2], 2) == 28
        until(lambda: lanes(server) == [0, 1], "the lane is forgotten")
        until(lambda: "worker 1 serves again" in server.log(), "the worker is replaced")
        with lane(server) as again:
            assert appended(again, 1) == 28, "it was written before its worker died"
            assert fetched(again) == [b"t 1"]


def test_one_that_is_asked_for_while_its_worker_dies_closes(server: RunningServer) -> None:
    worker = first_worker(server)
    os.kill(worker, signal.SIGSTOP)
    with Client(server.port) as client:
        client.send(frames.lane(1))
        until(lambda: lanes(server) == [1, 0], "the connection is on its way")
        os.kill(worker, signal.SIGKILL)
        assert client.until_closed() == b""
    until(lambda: lanes(server) == [0, 0], "it is forgotten")


def test_what_has_arrived_when_the_server_stops_is_done_and_answered(server: RunningServer) -> None:
    worker = first_worker(server)
    with lane(server) as client, lane(server) as idle:
        os.kill(worker, signal.SIGSTOP)
        client.send(*(frames.append(NAMES[1], b"t 1", 1, at, uid=at) for at in range(1, 1201)), b"half a fra")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: "SIGTERM" in server.log(), "it has heard")
        os.kill(worker, signal.SIGCONT)
        assert [client.receive().uid for _ in range(1200)] == list(range(1, 1201))
        assert client.until_closed() == idle.until_closed() == b""
        assert server.wait() == 0


def test_lanes_close_with_a_server_that_is_killed(server: RunningServer) -> None:
    workers = server.worker_pids()
    with lane(server) as client:
        assert appended(client, 1) == 28
        server.process.kill()
        assert client.until_closed() == b""
    until(lambda: not any(map(alive, workers)), "the workers have ended")


def test_one_whose_client_is_gone_before_the_worker_has_it_ends(server: RunningServer) -> None:
    worker = first_worker(server)
    os.kill(worker, signal.SIGSTOP)
    with Client(server.port) as client:
        client.send(frames.lane(1))
        until(lambda: lanes(server) == [1, 0], "the connection is on its way")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.kill(worker, signal.SIGCONT)
    until(lambda: lanes(server) == [0, 0], "it has ended")
    with lane(server) as other:
        assert appended(other, 1) == 28


def test_rubbish_is_answered_behind_what_is_due_and_ends_it(server: RunningServer) -> None:
    with lane(server) as client:
        client.send(frames.append(NAMES[1], b"t 1", 1, 1), b"GET / HTTP/1.1\r\n\r\n\r\n" * 10_000)
        replies = {each.kind: each for each in client.receive_many(2)}
        assert outcome(replies[frames.APPEND]) == 28
        assert replies[frames.ERROR].code == 1
        assert client.until_closed() == b""
    until(lambda: lanes(server) == [0, 0], "it has ended")


HURRIED = """
from everstore import limits
limits.STALLED_S_MAX = limits.PRESSED_S_MAX = limits.FRAME_S_MAX = 0.5
limits.WATCH_S = 0.1
limits.OWED_BYTES_MAX = 64 * 1024
"""


def test_who_takes_no_answers_and_who_dawdles_is_dropped_and_nobody_else_waits(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", HURRIED)
    options = {"idle_timeout": 1, "transaction_lifetime": 1}
    with (
        RunningServer(tmp_path / "journals", workers=1, env=env, **options) as server,
        lane(server) as deaf,
        lane(server) as slow,
        lane(server) as idle,
        lane(server) as client,
    ):
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert outcome(deaf.ask(frames.append(NAMES[1], b"\n".join([EVENT] * 20_000), 1, 1))) == 227 * 20_000
        deaf.send(*[frames.fetch(NAMES[1])] * 20)
        slow.send(frames.append(NAMES[1], EVENT, 1, 2)[:50])
        at = count(1)
        said = "took no answer", "sent 0 of", "was idle for"
        until(lambda: appended(client, next(at), b"/other") and all(each in server.log() for each in said), "their end")
        for each in (slow, idle):
            assert each.until_closed() == b""
        assert appended(client, next(at), b"/other")
        assert server.log().count("closed: ") == 3


def test_a_lane_takes_long_reads_as_fast_as_it_likes_and_others_go_on(server: RunningServer) -> None:
    events = [EVENT + b"%d" % at for at in range(20_000)]
    with lane(server) as client, lane(server) as other:
        outcome(client.ask(frames.append(NAMES[1], b"\n".join(events), 1, 1)))
        client.send(frames.fetch(NAMES[1]), frames.exists(NAMES[1]))
        assert [appended(other, at, NAMES[1]) > 0 for at in range(2, 20)] == [True] * 18
        text = b""
        while (part := client.receive()).kind == frames.FETCH:
            text += part.body[20:]
        assert part.kind == frames.EXISTS
        assert text.split(b"\n") == events


def test_many_large_requests_at_once_have_their_turns(server: RunningServer) -> None:
    """More than the room for requests that have begun: some wait until others have come whole."""
    with ExitStack() as stack:
        clients = [stack.enter_context(lane(server)) for _ in range(6)]
        bodies = [
            frames.append(NAMES[1], b"t " + b"%d" % at * 3_000_000, 1, 1, client=b"%016d" % at) for at in range(6)
        ]
        for client, body in zip(clients, bodies, strict=True):
            client.send(body[:200_000])
            client.socket.setblocking(False)
        pending = {client: memoryview(body)[200_000:] for client, body in zip(clients, bodies, strict=True)}

        def all_sent() -> bool:
            for client, rest in pending.items():
                try:
                    pending[client] = rest[client.socket.send(rest[:500_000]) :]
                except BlockingIOError:
                    continue
            return not any(pending.values())

        until(all_sent, "all have come")
        for client in clients:
            client.socket.settimeout(20)
            outcome(client.receive())
        assert sorted(len(event) for event in fetched(clients[0])) == [3_000_002] * 6
