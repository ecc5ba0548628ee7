from __future__ import annotations

import errno

import pytest
import trio
import trio.testing

from everstore.supervisor import worker_link
from everstore.supervisor.worker_link import State, WorkerLink
from everstore.worker.loop import Job


async def test_a_worker_that_was_never_there_is_neither_crowded_nor_waited_for(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_process(*_: object) -> None:
        raise OSError(errno.EAGAIN, "no process to be had")

    monkeypatch.setattr(worker_link, "fork", no_process)
    job = Job(1, 1, [1], "nowhere", True, 60.0, 1, all_mine=True, request_bytes_max=1, idle_s_max=1.0)
    link = WorkerLink(job, 0, lambda *_: None, lambda _: 0)
    nursery.start_soon(link.keep_alive)
    await link.tried.wait()
    while link.state is not State.DOWN:
        await trio.lowlevel.checkpoint()
    assert not link.crowded
    before = autojump_clock.current_time()
    link.stop()
    await link.ended.wait()
    assert autojump_clock.current_time() == before, "the pause is cut short"
