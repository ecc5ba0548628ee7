from __future__ import annotations

import shutil
from pathlib import Path

from support.frames import exists
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

from everstore.supervisor.routing import owner


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
