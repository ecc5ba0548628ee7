"""The server ends, told to or killed, and begins again: answers, exit codes, the port, the directory."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from support import frames
from support.altered import AlteredServer
from support.journal_files import listing, stamped_lines
from support.load import Load
from support.server import RunningServer, alive
from support.waiting import until
from support.wire import Client

pytestmark = pytest.mark.slow

LINE = b"t {}"
JOURNALS = [b"/load/%d" % number for number in range(30)]


def assert_sound(directory: Path) -> None:
    for file in directory.rglob("*.log"):
        stamped_lines(file)
    assert not [path for path in listing(directory) if ".torn-" in path]


@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_answers_all_that_was_sent_and_exits_0(
    tmp_path: Path, workers: int, sig: signal.Signals
) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=workers) as server:
        pids = server.worker_pids()
        with Client(server.port) as client:
            load = Load(client, JOURNALS, b"load")
            load.send(load.open_many(600))
            server.process.send_signal(sig)
            load.receive()
            assert load.acknowledged() == set(load.sent)
            assert client.until_closed() == b""
        assert server.wait() == 0
        assert not any(map(alive, pids))
    assert_sound(directory)
    with RunningServer(directory, workers=workers, port=server.port) as again, Client(again.port) as client:
        assert again.port == server.port, "the port can be bound again at once"
        load.check(client)


def test_an_interrupt_from_the_keyboard_reaches_all_processes_and_is_the_same(tmp_path: Path) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=3) as server:
        with Client(server.port) as client:
            load = Load(client, JOURNALS, b"load")
            load.send(load.open_many(600))
            for pid in [*server.worker_pids(), server.pid]:
                os.kill(pid, signal.SIGINT)
            load.receive()
            assert load.acknowledged() == set(load.sent)
        assert server.wait() == 0
    assert_sound(directory)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("when", ["at once", "when all is answered"])
def test_a_second_signal_changes_nothing(tmp_path: Path, sig: signal.Signals, when: str) -> None:
    """An impatient user, or a process manager that tells the group and then each process."""
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=2) as server:
        with Client(server.port) as client:
            load = Load(client, JOURNALS, b"load")
            load.send(load.open_many(600))
            server.process.send_signal(sig)
            if when == "at once":
                server.process.send_signal(sig)
            load.receive()
            assert load.acknowledged() == set(load.sent)
            if when != "at once":
                assert client.until_closed() == b""
                server.process.send_signal(sig)
        assert server.wait() == 0
    assert_sound(directory)


def test_idle_connections_and_strangers_do_not_hold_up_the_end(tmp_path: Path) -> None:
    with (
        RunningServer(tmp_path / "journals", workers=2) as server,
        Client(server.port) as idle,
        Client(server.port, login=False) as stranger,
        Client(server.port) as halfway,
    ):
        stranger.receive_exactly(3)
        halfway.send(frames.exists(b"/a")[:15])
        idle.exists(b"/a")
        assert server.stop() == 0
        for client in (idle, stranger, halfway):
            assert client.until_closed() == b""


def test_a_client_that_reads_nothing_does_not_hold_up_the_end_for_ever(tmp_path: Path) -> None:
    with (
        AlteredServer(tmp_path / "journals", limits={"SHUTDOWN_S_MAX": 0.5}, workers=1) as server,
        Client(server.port) as client,
    ):
        client.append(b"/large", b"x" * 4_000_000)
        on = client.open(b"/large")
        client.send(*[frames.read(on.name, on.worker, 0, on.size)] * 20)
        with Client(server.port) as other:
            other.exists(b"/large")
        assert server.stop() == 0


def test_an_ended_server_listens_no_more_and_leaves_the_directory_free(tmp_path: Path) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=1) as server:
        assert server.stop() == 0
    with pytest.raises(ConnectionRefusedError):
        Client(server.port)
    with RunningServer(directory, workers=1) as again, Client(again.port) as client:
        assert client.append(b"/a", LINE) > 0


def test_a_hangup_is_harmless(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        load = Load(client, JOURNALS, b"load")
        load.send(load.open_many(300))
        pids = server.worker_pids()
        for pid in [server.pid, *pids, server.pid]:
            os.kill(pid, signal.SIGHUP)
        load.receive()
        assert load.acknowledged() == set(load.sent)
        with Client(server.port) as another:
            load.check(another)
        assert server.worker_pids() == pids


@pytest.mark.parametrize("workers", [1, 5])
def test_workers_do_not_outlive_a_killed_supervisor_and_nothing_acknowledged_is_lost(
    tmp_path: Path, workers: int
) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=workers) as server, Client(server.port) as client:
        pids = server.worker_pids()
        assert len(pids) == workers
        load = Load(client, JOURNALS, b"load")
        load.send(load.open_many(600))
        load.receive_some(100)
        server.kill()
        load.receive_until_closed()
    assert len(load.acknowledged()) >= 100
    until(lambda: not any(map(alive, pids)), "the workers are gone", 10)
    with RunningServer(directory, workers=workers, port=server.port) as again, Client(again.port) as client:
        load.check(client)
        load = Load(client, JOURNALS, b"again")
        load.send(load.open_many(100))
        load.receive()
        assert load.acknowledged() == set(load.sent)
        load.check(client)


def test_a_killed_supervisor_may_be_followed_at_once(tmp_path: Path) -> None:
    """No waiting for the old workers, no lock of the dead in the way, whatever the number of workers."""
    directory = tmp_path / "journals"
    for turn in range(6):
        with RunningServer(directory, workers=turn % 3 + 1) as server, Client(server.port) as client:
            for name in JOURNALS[:10]:
                assert client.events(name) == [b"t %d" % earlier for earlier in range(turn)]
                client.append(name, b"t %d" % turn)
            server.kill()


def test_another_number_of_workers_finds_all_journals(tmp_path: Path) -> None:
    directory = tmp_path / "journals"
    for turn, workers in enumerate([5, 1, 3]):
        with RunningServer(directory, workers=workers) as server, Client(server.port) as client:
            for name in JOURNALS:
                assert client.events(name) == [b"t %d" % earlier for earlier in range(turn)]
                client.append(name, b"t %d" % turn)


@pytest.mark.parametrize("how", ["same path", "through a link"])
def test_a_second_server_on_the_directory_is_refused_naming_the_first(tmp_path: Path, how: str) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=1) as first, Client(first.port) as client:
        client.append(b"/a", LINE)
        (tmp_path / "link").symlink_to(directory)
        second = RunningServer(directory if how == "same path" else tmp_path / "link", workers=1)
        ended = subprocess.run(second.command(), capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode != 0
        said = ended.stdout + ended.stderr
        assert str(first.pid) in said or f":{first.port}" in said
        assert "Traceback" not in said
        assert client.events(b"/a") == [LINE], "the first one serves as before"


def test_a_port_that_is_taken_is_said_so(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "one", workers=1) as first:
        second = RunningServer(tmp_path / "two", workers=1, port=first.port)
        ended = subprocess.run(second.command(), capture_output=True, text=True, timeout=30, check=False)
        assert ended.returncode != 0
        assert str(first.port) in ended.stderr
        assert "Traceback" not in ended.stderr


def test_the_ready_line_names_address_directory_workers_and_durability(tmp_path: Path) -> None:
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=3, durability="os") as server:
        for part in (f"127.0.0.1:{server.port}", str(directory), "3", "os"):
            assert part in server.ready_line


def test_answers_reach_a_client_that_is_still_sending_when_the_server_ends(tmp_path: Path) -> None:
    """Its requests are more than may be in flight, its answers more than it has room for, and it takes them late."""
    count = 6_000
    directory = tmp_path / "journals"
    with RunningServer(directory, workers=1) as server, Client(server.port) as client:
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(*[frames.open_transaction(b"/a", uid) for uid in range(count)])
        transactions = [frames.TWO.unpack(reply.body)[1] for reply in client.receive_many(count)]
        load = b"t " + b"x" * 2000
        requests = b"".join(frames.commit(b"/a", 1, each, b"", load, uid) for uid, each in enumerate(transactions))
        sending = threading.Thread(target=send_until_cut_off, args=(client, requests))
        sending.start()
        until(lambda: (directory / "a.log").exists(), "commits are under way")
        server.process.send_signal(signal.SIGTERM)
        until(lambda: "SIGTERM" in server.log(), "it is ending")
        received = client.until_closed()
        sending.join()
        assert server.wait() == 0
    answers = len(received) // (frames.HEADER.size + 8)
    assert answers == (directory / "a.log").read_bytes().count(load) > 0


def send_until_cut_off(client: Client, data: bytes) -> None:
    with contextlib.suppress(OSError):
        client.send(data)


def test_a_second_server_on_the_directory_hears_who_is_there_even_on_the_same_port(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        second = RunningServer(tmp_path / "journals", port=server.port)
        refused = subprocess.run(second.command(), capture_output=True, text=True, timeout=20, check=False)
        assert refused.returncode == 3
        assert f"in use by the server with process id {server.pid} on 127.0.0.1:{server.port}" in refused.stderr


def test_nobody_has_to_listen_when_it_says_that_it_is_ready(tmp_path: Path) -> None:
    port = free_port()
    reading, writing = os.pipe()
    os.close(reading)
    command = RunningServer(tmp_path / "journals", port=port).command()
    process = subprocess.Popen(command, stdout=writing, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        until(lambda: served(port), "it serves")
    finally:
        process.terminate()
    assert process.wait(20) == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def served(port: int) -> bool:
    with contextlib.suppress(ConnectionError, AssertionError), Client(port) as client:
        return not client.exists(b"/a")
    return False
