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


FAILS_AT_THE_SECOND = """
import errno
from everstore.supervisor import template
right = template._clone
calls = 0
def second(*arguments):
    global calls
    calls += 1
    if calls == 2:
        if {clones}:
            right(*arguments)
        open({flag!r}, "w").close()
        raise OSError(errno.ENOBUFS, "no room")
    return right(*arguments)
template._clone = second
"""


@pytest.mark.parametrize("clones", [False, True], ids=["before", "behind"])
def test_a_template_that_fails_before_or_behind_a_workers_beginning_is_replaced_and_is_no_bug(
    tmp_path: Path, clones: bool
) -> None:
    """A worker that nobody knows of hears nothing of what is said to the one in its place."""
    env = patched(tmp_path / "patch", FAILS_AT_THE_SECOND.format(flag=str(tmp_path / "failed"), clones=clones))
    with RunningServer(tmp_path / "journals", env=env, workers=2) as server, Client(server.port) as client:
        for name in (b"/a", b"/b", b"/c", b"/d"):
            client.append(name, b"t 1")
        assert (tmp_path / "failed").exists()
        assert "could not begin" not in server.log()
