"""The native requests through a real server: what a client may rely on when workers and servers die."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from struct import unpack_from
from typing import NamedTuple
from zlib import crc32

import pytest
from support import frames
from support.frames import ERROR, Reply
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

CONFLICT = 7


class Hello(NamedTuple):
    revision: int
    workers: int
    request_bytes_max: int
    run: int


class Told(NamedTuple):
    code: int
    position: int


def hello(client: Client) -> Hello:
    reply = client.ask(frames.native(uid=9))
    assert (reply.kind, reply.uid, reply.size) == (frames.NATIVE, 9, 20)
    return Hello(*unpack_from("<3IQ", reply.body))


def owner(name: bytes, workers: int) -> int:
    """As PROTOCOL.md has it."""
    return ((crc32(name) * 0x9E3779B1 & 0xFFFFFFFF) * workers >> 32) + 1


def told(reply: Reply) -> Told:
    assert reply.kind == frames.APPEND, reply
    return Told(*unpack_from("<IQ", reply.body, 4))


def test_the_server_says_what_a_client_needs_to_know(server: RunningServer) -> None:
    with Client(server.port) as client, Client(server.port) as other:
        found = hello(client)
        assert (found.revision, found.workers) == (1, server.options["workers"])
        assert found == hello(other)
        assert client.ask(frames.frame(frames.NATIVE, 5, b"abc")).code == 1


def test_each_journal_has_a_worker_that_the_client_finds_out_by_itself(server: RunningServer) -> None:
    with Client(server.port) as client:
        workers = hello(client).workers
        for number in range(20):
            name = b"/owned/%d" % number
            for worker in range(1, workers + 1):
                right = owner(name, workers) == worker
                asked = frames.append(name, b"t 1", worker, number + 1, client=b"owner".ljust(16))
                assert told(client.ask(asked)) == ((0, 28) if right else (3, 0))
        for nobody in (0, workers + 1, 2**32 - 1):
            assert client.ask(frames.append(b"/owned/0", b"t 1", nobody, 999)).code == 3


def test_what_was_appended_is_fetched_by_others(server: RunningServer) -> None:
    name = b"/native"
    with Client(server.port) as client, Client(server.port) as other:
        place = owner(name, hello(client).workers)
        client.send(*[frames.append(name, b"t %d" % each, place, each) for each in range(1, 6)])
        assert [told(each).position for each in client.receive_many(5)] == [28 * each for each in range(1, 6)]
        reply = other.ask(frames.fetch(name, 28))
        assert unpack_from("<QQI", reply.body) == (28, 140, 15)
        assert reply.body[20:] == b"t 2\nt 3\nt 4\nt 5"
        assert other.events(name) == [b"t %d" % each for each in range(1, 6)]


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["fsync", "os"])
def test_an_append_that_comes_again_is_done_once_whoever_has_died(tmp_path: Path, durability: str) -> None:
    name, place = b"/once", owner(b"/once", 2)
    running = RunningServer(tmp_path / "journals", workers=2, durability=durability)
    with running, Client(running.port) as client:
        run = hello(client).run
        first = told(client.ask(frames.append(name, b"t 1", place, 1, run, declares=b"A")))
        for pid in running.worker_pids():
            os.kill(pid, signal.SIGKILL)
        until(lambda: client.ask(frames.exists(name)).kind != ERROR, "the worker is back")
        assert told(client.ask(frames.append(name, b"t 1", place, 1, run))) == first
        second = told(client.ask(frames.append(name, b"t 2", place, 2, run, declares=b"B")))
        os.kill(running.pid, signal.SIGKILL)
        running.process.wait()
    for crash in (True, False):
        with RunningServer(tmp_path / "journals", workers=2, durability=durability) as running:
            with Client(running.port) as client:
                assert hello(client).run != run
                assert told(client.ask(frames.append(name, b"t 1", place, 1, run))) == first
                assert told(client.ask(frames.append(name, b"t 2", place, 2, run))) == second
                for depends, code in ((b"B", CONFLICT), (b"A", 0)) if crash else ():
                    unchanged = {"condition": 2, "position": first.position, "depends": depends}
                    assert told(client.ask(frames.append(name, b"t 3", place, 3, run, **unchanged))).code == code
                assert client.events(name) == [b"t 1", b"t 2", b"t 3"]
            if crash:
                os.kill(running.pid, signal.SIGKILL)
                running.process.wait()


@pytest.mark.slow
def test_after_a_change_of_the_number_of_workers_it_is_not_done_again(tmp_path: Path) -> None:
    """Another worker has the journal now, which does not know what its last one did."""
    name = next(b"/moved/%d" % each for each in range(99) if owner(b"/moved/%d" % each, 3) == 3)
    with RunningServer(tmp_path / "journals", workers=2) as running, Client(running.port) as client:
        run = hello(client).run
        assert told(client.ask(frames.append(name, b"t 1", owner(name, 2), 1, run))).code == 0
    with RunningServer(tmp_path / "journals", workers=3) as running, Client(running.port) as client:
        assert told(client.ask(frames.append(name, b"t 1", owner(name, 3), 1, run))).code == 1
        assert client.events(name) == [b"t 1"]


@pytest.mark.slow
def test_appends_in_flight_on_a_worker_that_dies_are_answered_and_may_come_again(tmp_path: Path) -> None:
    name = b"/pipelined"
    with RunningServer(tmp_path / "journals", workers=1) as running, Client(running.port) as client:
        run = hello(client).run
        requests = [frames.append(name, b"t %d" % each, 1, each, run, uid=each) for each in range(1, 401)]
        client.send(*requests)
        replies = client.receive_many(100)
        os.kill(running.worker_pids()[0], signal.SIGKILL)
        replies += client.receive_many(300)
        assert [each.uid for each in replies] == list(range(1, 401))
        unanswered = [each.uid for each in replies if each.kind == ERROR]
        until(lambda: client.ask(frames.exists(name)).kind != ERROR, "the worker is back")
        for uid in unanswered:
            assert told(client.ask(requests[uid - 1])).code == 0
        assert sorted(client.events(name)) == sorted(b"t %d" % each for each in range(1, 401))
