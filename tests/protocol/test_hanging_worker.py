"""A worker that hangs without dying is ended and replaced, as if it had died; one that is merely idle is not."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import orjson
import pytest
from support import frames
from support.altered import AlteredServer
from support.patched import patched
from support.server import alive
from support.waiting import until
from support.wire import Client

pytestmark = pytest.mark.slow

QUICK = {"WORKER_PULSE_S": 0.3, "WORKER_SILENT_LOOKS_MAX": 4, "WORKER_EXIT_S_MAX": 0.2}
HANGS_S = 1.2
HANGS_ON_A_NAME = """
from everstore.engine.store import Store
right = Store.handle
def handle(self, connection, frame):
    while b"/hang" in frame[5]:
        pass
    right(self, connection, frame)
Store.handle = handle
"""
STOPS_WHILE_IT_RECOVERS = """
import os, signal
from everstore.worker import loop
right = loop.recover
def recover(*arguments):
    if not os.path.exists({flag!r}):
        os.close(os.open({flag!r}, os.O_CREAT))
        os.kill(os.getpid(), signal.SIGSTOP)
    return right(*arguments)
loop.recover = recover
"""


def serves(client: Client) -> bool:
    return client.ask(frames.exists(b"/a")).kind == frames.EXISTS


def uptime_s(client: Client) -> float:
    return float(orjson.loads(client.ask(frames.status()).body[4:])["uptime_s"])


def test_a_stopped_worker_is_replaced_and_what_it_acknowledged_is_there(tmp_path: Path) -> None:
    with AlteredServer(tmp_path / "journals", limits=QUICK, workers=1) as server, Client(server.port) as client:
        client.append(b"/a", b"t {}")
        (victim,) = server.worker_pids()
        os.kill(victim, signal.SIGSTOP)
        assert client.ask(frames.exists(b"/a")).code == 1, "what was in flight is answered"
        until(lambda: serves(client), "another one serves")
        assert client.events(b"/a") == [b"t {}"]
        assert not alive(victim)
        until(lambda: "worker 1 hangs" in server.log(), "it is logged")
        until(lambda: "killed by SIGKILL" in server.log(), "it is logged")


def test_where_a_worker_hangs_is_told(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", HANGS_ON_A_NAME)
    with AlteredServer(tmp_path / "journals", limits=QUICK, env=env, workers=1) as server:
        with Client(server.port) as client:
            assert client.ask(frames.exists(b"/hang")).code == 1
            until(lambda: serves(client), "another one serves")
        until(lambda: "killed by SIGABRT" in server.log(), "it is logged")
        until(lambda: " in handle\n" in server.log(), "it is logged")


def test_a_worker_that_hangs_while_it_recovers_is_replaced(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", STOPS_WHILE_IT_RECOVERS.format(flag=str(tmp_path / "stopped")))
    with (
        AlteredServer(tmp_path / "journals", limits=QUICK, env=env, workers=1) as server,
        Client(server.port) as client,
    ):
        until(lambda: "worker 1 hangs" in server.log(), "it is logged")
        client.append(b"/a", b"t {}")


@pytest.mark.slow
def test_idle_workers_live_on_and_so_do_those_of_a_supervisor_that_stood_still(tmp_path: Path) -> None:
    with AlteredServer(tmp_path / "journals", limits=QUICK, workers=2) as server, Client(server.port) as client:
        before = server.worker_pids()
        served_s = until(lambda: uptime_s(client) > 2 * HANGS_S and uptime_s(client), "twice the time that is allowed")
        server.process.send_signal(signal.SIGSTOP)
        time.sleep(2 * HANGS_S)  # This is the fault: a supervisor that stands still for so long.
        server.process.send_signal(signal.SIGCONT)
        until(lambda: uptime_s(client) > served_s + 3 * HANGS_S, "the same again")
        assert server.worker_pids() == before
        assert "hangs" not in server.log()
