from __future__ import annotations

import contextlib
import os
import shutil
import threading
from pathlib import Path

import pytest
from support.frames import EXISTS, exists
from support.patched import patched
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

from everstore.storage.commit_log import CommitLog
from everstore.storage.directory import claim
from everstore.storage.disk import Disk
from everstore.storage.records import APPEND, Entry, Header
from everstore.storage.recovery import boot_id
from everstore.supervisor.routing import owner

pytestmark = pytest.mark.slow

LINE = b"2026-11-21T12:00:00.000 t 1"


def test_a_worker_that_cannot_start_is_tried_again_with_growing_pauses_while_the_others_serve(tmp_path: Path) -> None:
    names = {owner(b"/%d" % number, 2): b"/%d" % number for number in range(20)}
    with RunningServer(tmp_path / "journals", workers=2) as server:
        pass
    obstacle = tmp_path / "journals/.everstore/worker-2.commits"
    obstacle.unlink()
    obstacle.mkdir()
    with RunningServer(tmp_path / "journals", workers=2) as server:
        for pause in ("0.1", "0.2", "0.4", "0.8"):
            until(lambda pause=pause: f"the next try is in {pause} seconds" in server.log(), f"a pause of {pause}")
        with Client(server.port) as client:
            client.send(exists(names[1], uid=1), exists(names[2], uid=2))
            replies = {reply.uid: reply.kind for reply in client.receive_many(2)}
        assert replies == {1: 8, 2: 1}, "one worker serves, and for the other an error comes at once"
        shutil.rmtree(obstacle)
        until(lambda: "worker 2 serves again" in server.log(), "the worker is back")
        with Client(server.port) as client:
            assert not client.exists(names[2])


def test_logs_of_another_number_of_workers_are_all_replayed_before_anybody_is_served(tmp_path: Path) -> None:
    """Also when the run that came upon them first was cut off: two of its three workers have begun logs of their own,
    and the third could not replay the one that is left of an earlier run with two.
    """
    names = [b"/%d" % number for number in range(40)]
    moved = next(name for name in names if owner(name, 2) == 2 and owner(name, 3) != 2)
    obstacle_name = next(b"/folder/%d" % number for number in range(20) if owner(b"/folder/%d" % number, 3) == 2)
    journals = tmp_path / "journals"
    (journals / "folder").mkdir(parents=True)
    os.close(claim(str(journals), "an earlier run"))
    disk = Disk(str(journals))
    for worker, workers in ((1, 3), (2, 2), (3, 3)):
        log = CommitLog(disk, worker, Header(1, workers, durable=True, clean=False, boot=boot_id()))
        if worker == 2:
            log.append([Entry(APPEND, name, 0, LINE + b"\0") for name in (moved, obstacle_name)])
    # Nothing can be written at a place in it, so it stops a replay for as long as it is there.
    obstacle = journals / f"{obstacle_name.decode()[1:]}.log"
    os.mkfifo(obstacle)
    server = RunningServer(journals, workers=3)
    starting = threading.Thread(target=server.start)
    starting.start()
    next_try = "the next try is in 0.2 seconds"
    with contextlib.closing(server):
        try:
            until(lambda: hasattr(server, "process") and next_try in server.log(), "a failed replay")
            assert not server.ready_line, "what the log holds of another worker's journal is not there yet"
        finally:
            obstacle.unlink()
            starting.join()
        with Client(server.port) as client:
            assert client.events(moved) == client.events(obstacle_name) == [b"t 1"]


DIES_BEFORE_IT_IS_READY = """
import os, signal
from everstore.worker import loop
right = loop.begin_log
def begin_log(*arguments):
    made = right(*arguments)
    if not os.path.exists({flag!r}):
        os.close(os.open({flag!r}, os.O_CREAT))
        os.kill(os.getpid(), signal.SIGKILL)
    return made
loop.begin_log = begin_log
"""


def test_a_worker_that_dies_between_making_its_log_and_being_ready_is_replaced(tmp_path: Path) -> None:
    env = patched(tmp_path / "patch", DIES_BEFORE_IT_IS_READY.format(flag=str(tmp_path / "died")))
    with RunningServer(tmp_path / "journals", env=env, workers=1) as server, Client(server.port) as client:
        until(lambda: "bug" in server.log() or client.ask(exists(b"/a")).kind == EXISTS, "it serves")
        assert "bug" not in server.log()
        until(lambda: "killed by SIGKILL" in server.log(), "it is logged")
        assert client.append(b"/a", b"t 1")
