"""Faults put into the product on purpose: the laboratory must find each. Those of a server are made in its process, by
small_log/sitecustomize.py; those of recovery in the laboratory's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from everstore.engine.group_commit import GroupCommit
from everstore.storage import recovery
from everstore.storage.commit_log import CommitLog


def _replay_nothing() -> None:
    recovery.replay = lambda *_, **__: 0  # type: ignore[assignment]


def _in_the_server(name: str) -> Callable[[], None]:
    return lambda: os.environ.update(EVERSTORE_TEST_BREAK=name)


def no_sync_of_the_log() -> None:
    CommitLog.sync = lambda _: None  # type: ignore[method-assign]


def no_sync_at_a_checkpoint() -> None:
    GroupCommit.checkpoint = lambda self: self._log.recycle(self.remembered())  # type: ignore[method-assign]


IN_THE_SERVER: dict[str, Callable[[], None]] = {
    "the log is not synced": no_sync_of_the_log,
    "a checkpoint syncs no journals": no_sync_at_a_checkpoint,
}
BREAKS: dict[str, Callable[[], None]] = {
    "nothing is replayed": _replay_nothing,
    **{name: _in_the_server(name) for name in IN_THE_SERVER},
}
