"""Everstore as its programs use it: the Python adapter, whose pipeline keeps many operations in flight."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

from everstore_client import connect

from everstore.bench.driver import Bounds, Failed, Run
from everstore.bench.event import LINE, journal, turn

_LINE = LINE.decode()


def transaction(pipeline: Any, number: int) -> Any:
    """One durable transaction of one event, begun; its result says when it is done."""
    return pipeline.append_raw(journal(number).decode(), _LINE)


def drive_adapter(port: int, journals: int, in_flight: int, bounds: Bounds) -> Run:
    """The same as `driver.drive`. The pipeline answers in any order, and is asked in the order of the requests: an
    answer that overtook others counts from when they were there, too.
    """
    latencies: list[float] = []
    waiting: deque[tuple[float, Any]] = deque()
    counting = time.perf_counter() + bounds.warm_s
    end, operation = counting + bounds.seconds, 0
    now = last = counting
    with connect(f"everstore://admin:passwd@127.0.0.1:{port}") as client, client.pipeline(in_flight) as pipeline:
        while (now < end or not latencies) and operation < bounds.operations:
            begun = time.perf_counter()
            waiting.append((begun, transaction(pipeline, turn(operation, journals))))
            operation += 1
            now = time.perf_counter()
            while waiting and waiting[0][1].is_done:
                begun, result = waiting.popleft()
                result.result()
                if counting <= now and (now <= end or not latencies):
                    latencies.append(now - begun)
                    last = now
    if not latencies:
        raise Failed(f"all was done within the {bounds.warm_s:g} seconds that do not count")
    return Run(len(latencies), last - counting, sorted(latencies))
