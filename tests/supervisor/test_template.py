"""The process that workers are forked from: whatever becomes of it, there are workers, and none is unknown."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import psutil
import pytest
from support.patched import patched
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

from everstore.supervisor.template import _Template
from everstore.worker.loop import EXIT_DONE, Job

NO_CLONE = """
from everstore.supervisor import template
template._CLONE = None
"""


def template_pid(server: RunningServer) -> int:
    (found,) = (each.pid for each in psutil.Process(server.pid).children() if each.name() == "es-template")
    return found


def replace_workers(server: RunningServer, count: int) -> None:
    for pid in server.worker_pids():
        os.kill(pid, signal.SIGKILL)
    until(lambda: server.log().count("serves again") == count, "the workers are replaced")


def test_a_template_that_is_gone_is_replaced_when_it_is_needed(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=2) as server, Client(server.port) as client:
        client.append(b"/a", b"t 1")
        first = template_pid(server)
        os.kill(first, signal.SIGKILL)
        replace_workers(server, 2)
        assert template_pid(server) != first
        assert client.events(b"/a") == [b"t 1"]


@pytest.mark.slow
def test_a_template_that_does_not_answer_is_replaced(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
        client.append(b"/a", b"t 1")
        os.kill(template_pid(server), signal.SIGSTOP)
        replace_workers(server, 1)
        assert client.events(b"/a") == [b"t 1"]


def test_a_worker_that_the_supervisor_has_not_heard_of_ends_before_it_touches_a_journal(tmp_path: Path) -> None:
    template = _Template()
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "lock").open("w") as lock:
        path = str(tmp_path / "nowhere")
        job = Job(1, 1, [1], path, True, 60.0, 1, all_mine=True, request_bytes_max=1, idle_s_max=1.0)
        pid = template.clone(job, [theirs.fileno(), theirs.fileno(), lock.fileno()])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == EXIT_DONE, "one that looks for its journals fails"
    template.end()


def test_where_the_system_has_no_such_call_workers_are_forked_from_the_supervisor(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", NO_CLONE)
    with RunningServer(tmp_path / "journals", env=env, workers=2) as server, Client(server.port) as client:
        client.append(b"/a", b"t 1")
        replace_workers(server, 2)
        assert client.events(b"/a") == [b"t 1"]


FAILS_ONCE = """
import errno, os
from everstore.supervisor import template
right = template._clone
def once(*arguments):
    try:
        os.mkdir({flag!r})
    except FileExistsError:
        return right(*arguments)
    raise OSError(errno.ENOBUFS, "no room")
template._clone = once
"""


def test_a_template_that_cannot_answer_is_replaced_and_is_no_bug(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", FAILS_ONCE.format(flag=str(tmp_path / "failed")))
    with RunningServer(tmp_path / "journals", env=env, workers=2) as server, Client(server.port) as client:
        client.append(b"/a", b"t 1")
        assert (tmp_path / "failed").exists()
        assert "could not begin" not in server.log()
