"""Both clients as one: whatever is asked of either is awaited."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import trio

from everstore_client import AsyncClient, connect, connect_async


async def blocking(stack: AsyncExitStack, url: str) -> Any:
    return stack.enter_context(connect(url))


async def asynchronous(stack: AsyncExitStack, url: str) -> Any:
    return await stack.enter_async_context(connect_async(url))


async def call(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What it returns, or what comes of what it returns: a list of a generator's."""
    result = function(*arguments, **named)
    if inspect.isawaitable(result):
        return await result
    if inspect.isasyncgen(result):
        return [each async for each in result]
    return list(result) if inspect.isgenerator(result) else result


async def at_once(client: Any, jobs: int, job: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a job so many times at once: a blocking client's each in a thread."""
    threads = trio.CapacityLimiter(jobs)
    async with trio.open_nursery() as nursery:
        for _ in range(jobs):
            if is_async(client):
                nursery.start_soon(job)
            else:
                nursery.start_soon(partial(trio.to_thread.run_sync, _drive, job(), limiter=threads))


def is_async(client: Any) -> bool:
    return isinstance(client, AsyncClient)


def _drive(job: Coroutine[Any, Any, None]) -> None:
    """A coroutine that awaits nothing of the event loop, to its end."""
    try:
        job.send(None)
    except StopIteration:
        return
    raise AssertionError("a blocking client let somebody wait for the event loop")
