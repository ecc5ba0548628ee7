"""What all clients together may have under way, while nobody answers them: bounded, and nobody waits for ever."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from support import frames
from support.server import RunningServer
from support.wire import Client

MIB = 1 << 20
CLIENTS = 60
EACH = 60
EVENT_BYTES = 60_000
GROWTH_BYTES_MAX = 64 * MIB
"""Of the 16 MiB allowed, 64 KiB for each of 60 connections, and what passing them on takes; sent are 206 MiB."""


@pytest.mark.slow
@pytest.mark.alone
def test_requests_of_many_clients_wait_outside_while_the_workers_do_not_answer(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2, max_memory="16MiB", durability="os") as server:
        supervisor = psutil.Process(server.pid)
        clients = [Client(server.port) for _ in range(CLIENTS)]
        opened = [[client.open(b"/%d" % number) for _ in range(EACH)] for number, client in enumerate(clients)]
        before = supervisor.memory_info().rss
        for pid in server.worker_pids():
            os.kill(pid, signal.SIGSTOP)
        stalled = threading.Event()

        def send(number: int) -> None:
            event = b"t " + b"x" * EVENT_BYTES
            for on in opened[number]:
                clients[number].send(frames.commit(on.name, on.worker, on.transaction, b"", event))

        with ThreadPoolExecutor(CLIENTS) as pool:
            sending = [pool.submit(send, number) for number in range(CLIENTS)]
            growth = 0
            for _ in range(30):
                growth = max(growth, supervisor.memory_info().rss - before)
                stalled.wait(0.05)
            with Client(server.port) as newcomer:
                assert newcomer.ask(frames.status()).kind == frames.STATUS, "who holds nothing is still heard"
            for pid in server.worker_pids():
                os.kill(pid, signal.SIGCONT)
            replies = [client.receive_many(EACH) for client in clients]
            for each in sending:
                each.result()
        assert growth < GROWTH_BYTES_MAX
        assert all(reply.kind == frames.COMMIT for answered in replies for reply in answered), "nobody was forgotten"
        for client in clients:
            client.close()


def test_more_requests_than_a_connection_may_have_in_flight_wait_their_turn(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
        count = 50_000
        sending = threading.Thread(target=client.send, args=[frames.exists(b"/a", uid) for uid in range(count)])
        (pid,) = server.worker_pids()
        os.kill(pid, signal.SIGSTOP)
        sending.start()
        with Client(server.port) as other:
            assert other.ask(frames.status()).kind == frames.STATUS
        os.kill(pid, signal.SIGCONT)
        assert [reply.uid for reply in client.receive_many(count)] == list(range(count))
        sending.join()
