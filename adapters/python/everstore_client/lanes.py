"""When a connection gets a lane, and which requests go over it: a further connection that the server gives to one
worker, so that no other process stands between it and the journals' owner.

| what becomes of a lane | the next one to that worker |
| --- | --- |
| it is refused for now, or lost | after a pause, longer each time until one is opened |
| the server knows no lanes, or this user gets none | never |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .errors import EverstoreError, NoSuchWorker, NotAllowed, UnknownError
from .limits import LANE_PAUSE_S, LANE_PAUSE_S_MAX, LANE_REQUESTS_MIN
from .outbox import Post
from .retry import jittered
from .senders import Native
from .wire import layouts
from .wire.requests import Request

_FINAL = (UnknownError, NotAllowed, NoSuchWorker)


class Lanes:
    """The plan for those of one connection, which has them only where they are `wanted`."""

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted
        self._asked: dict[int, int] = {}
        self._not_before: dict[int, float] = {}
        self._pauses: dict[int, Iterator[float]] = {}

    def wants(self, worker: int, now: float) -> bool:
        """A request is for that worker, to which there is no lane; True when one is to be opened. `now`: in seconds."""
        if not self._wanted:
            return False
        asked = self._asked[worker] = self._asked.get(worker, 0) + 1
        return asked >= LANE_REQUESTS_MIN and now >= self._not_before.get(worker, now)

    def opened(self, worker: int) -> None:
        self._pauses.pop(worker, None)

    def failed(self, worker: int, error: EverstoreError, now: float) -> None:
        """It was refused, or lost."""
        self._wanted = self._wanted and not isinstance(error, _FINAL)
        pauses = self._pauses.setdefault(worker, jittered(LANE_PAUSE_S, LANE_PAUSE_S_MAX))
        self._not_before[worker] = now + next(pauses)


def worker_of(request: Request[Any] | Post, native: Native | None) -> int:
    """The worker over whose lane a request may go; 0 for one that goes over the connection itself."""
    if isinstance(request, Post):
        return request.worker
    if native is not None and request.kind == layouts.FETCH:
        return native.worker_of(request.strings[1])
    return 0
