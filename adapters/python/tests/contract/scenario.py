"""Plays a scenario of the contract, as its README says."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import trio

import everstore_client
from everstore_client import Commit, Conflict, Event

from .clients import at_once, call, is_async
from .stage import Stage

SECOND = timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)
COUNTED = "load.Counted"


def lines(wanted: Any) -> list[str]:
    """Events that a scenario spells out, or of which it gives a pattern."""
    if isinstance(wanted, list):
        return wanted
    padding = "x" * wanted.get("padding", 0)
    return [wanted["line"].replace("#", str(n)).replace("~", padding) for n in range(wanted["count"])]


def split(text: bytes) -> list[str]:
    return text.decode().split("\n") if text else []


class Scenario:
    def __init__(self, scenario: Any, stage: Stage, port: int, connect: Callable[..., Any]) -> None:
        self._steps = scenario["steps"]
        self._stage = stage
        self._connect = connect
        self._port = port
        self._began = datetime.now(UTC)
        self._clients: dict[str, Any] = {}
        self._closing: dict[str, AsyncExitStack] = {}
        self._transactions: dict[str, Any] = {}
        self._saved: dict[str, int | datetime] = {}

    async def play(self) -> None:
        async with AsyncExitStack() as self._stack:
            await self._do_connect({"client": "db", "user": "admin", "password": "passwd"})
            for number, step in enumerate(self._steps, 1):
                try:
                    await self._take(step)
                except BaseException as error:
                    error.add_note(f"in step {number}: {str(step)[:500]}")
                    raise

    async def _take(self, step: Any) -> None:
        act = getattr(self, "_do_" + step["do"])
        if "fails" in step:
            await self._fail(act, step)
            return
        result = await act(step)
        if "save" in step and result is not None:
            self._saved[step["save"]] = result["size"]
        if "gives" in step:
            self._compare(result, step["gives"])

    async def _fail(self, act: Callable[..., Any], step: Any) -> None:
        kind = getattr(everstore_client, step["fails"])
        try:
            result = await act(step)
        except kind as error:
            if "conflict" in step:
                self._compare(_told(error), step["conflict"])
            return
        raise AssertionError(f"it gave {result!r} in place of {kind.__name__}")

    def _compare(self, result: Any, wanted: Any) -> None:
        if isinstance(wanted, dict) and "line" in wanted:
            wanted = lines(wanted)
        elif isinstance(wanted, dict) and isinstance(result, list):
            result, wanted = len(result), wanted["count"]
        elif isinstance(wanted, dict):
            result = {name: result[name] for name in wanted}
        assert result == wanted

    def _client(self, step: Any) -> Any:
        return self._clients[step.get("client", "db")]

    def _number(self, value: Any) -> Any:
        return self._saved[value[1:]] if isinstance(value, str) else value

    async def _do_connect(self, step: Any) -> None:
        stack = await self._stack.enter_async_context(AsyncExitStack())
        url = f"everstore://{step['user']}:{step['password']}@127.0.0.1:{self._port}"
        self._clients[step["client"]] = await self._connect(stack, url)
        self._closing[step["client"]] = stack

    async def _do_close(self, step: Any) -> None:
        await self._closing[step["client"]].aclose()

    async def _do_open(self, step: Any) -> Any:
        opening = self._client(step).transaction(step["journal"], must_be_new=step.get("mustBeNew", False))
        if is_async(self._client(step)):
            transaction = await self._stack.enter_async_context(opening)
        else:
            transaction = self._stack.enter_context(opening)
        self._stack.callback(transaction.rollback)  # before the end of its block would commit it
        self._transactions[step["transaction"]] = transaction
        return {"size": transaction.size, "exists": transaction.exists}

    async def _do_add(self, step: Any) -> None:
        self._transactions[step["transaction"]].append_raw(*lines(step["events"]))

    async def _do_declare(self, step: Any) -> None:
        self._transactions[step["transaction"]].declare(*step["types"])

    async def _do_commit(self, step: Any) -> Any:
        return _done(await call(self._transactions[step["transaction"]].commit))

    async def _do_rollback(self, step: Any) -> None:
        self._transactions[step["transaction"]].rollback()

    async def _do_append(self, step: Any) -> Any:
        named = {name: step[name] for name in ("depends", "types") if name in step}
        if "after" in step:
            named["after"] = self._number(step["after"])
        if "mustBeNew" in step:
            named["must_be_new"] = step["mustBeNew"]
        return _done(await call(self._client(step).append_raw, step["journal"], *lines(step["events"]), **named))

    async def _do_read(self, step: Any) -> list[str]:
        since, stamped = self._number(step.get("since", 0)), step.get("timestamps", False)
        if "transaction" in step:
            reader, which = self._transactions[step["transaction"]], ()
        else:
            reader, which = self._client(step), (step["journal"],)
        choice = {name: step[name] for name in ("types", "last") if name in step}
        if "until" in step:
            choice["until"] = self._number(step["until"])
        if "newestFirst" in step:
            choice["newest_first"] = step["newestFirst"]
        if stamped:
            self._check_times(await call(reader.read, *which, since=since, timestamps=True, **choice))
        if "page" in step:
            return [line.decode() for line in await call(reader.stream_raw, *which, since=since, **choice)]
        found = split(await call(reader.read_raw, *which, since=since, timestamps=stamped, **choice))
        return [line[24:] for line in found] if stamped else found

    async def _do_moment(self, step: Any) -> None:
        """Journals count in whole milliseconds: it is one that begins later than now, and has begun when this ends."""
        now = datetime.now(UTC)
        moment = now.replace(microsecond=now.microsecond // 1000 * 1000) + MILLISECOND
        self._saved[step["save"]] = moment
        while datetime.now(UTC) < moment:
            await trio.sleep(0.001)

    def _check_times(self, events: list[Event]) -> None:
        times = [event.timestamp for event in events if event.timestamp is not None]
        assert len(times) == len(events)
        in_order = [self._began - SECOND, *times, datetime.now(UTC) + SECOND]
        assert all(earlier <= later for earlier, later in itertools.pairwise(in_order)), in_order

    async def _do_exists(self, step: Any) -> Any:
        return await call(self._client(step).exists, step["journal"])

    async def _do_journals(self, step: Any) -> Any:
        return await call(self._client(step).journals, step["prefix"])

    async def _do_stage(self, step: Any) -> Any:
        return self._stage.tell(**step["command"])

    async def _do_load(self, step: Any) -> None:
        client, prefix, journals = self._client(step), step.get("prefix", "/load/"), step["journals"]
        make = _append if step.get("through", "append") == "append" else _commit
        ahead = itertools.count()

        async def job() -> None:
            while (number := next(ahead)) < step["transactions"]:
                await make(client, f"{prefix}{number % journals}", f'{COUNTED} {{"n":{number}}}')

        await at_once(client, step["inFlight"], job)
        for journal in range(journals):
            text = (await call(client.read_raw, f"{prefix}{journal}")).decode()
            found = sorted(int(each) for each in re.findall(r'^load\.Counted {"n":(\d+)}$', text, re.MULTILINE))
            assert found == list(range(journal, step["transactions"], journals))
            assert text.count("\n") + 1 == len(found)


async def _append(client: Any, journal: str, line: str) -> None:
    await call(client.append_raw, journal, line)


async def _commit(client: Any, journal: str, line: str) -> None:
    def append(transaction: Any) -> None:
        transaction.append_raw(line)

    async def append_async(transaction: Any) -> None:
        transaction.append_raw(line)

    await call(client.run, journal, append_async if is_async(client) else append, attempts=1000)


def _done(commit: Commit) -> dict[str, int]:
    return {"size": commit.size, "events": commit.events}


def _told(error: Conflict) -> dict[str, Any]:
    events = error.events
    told = None if events is None else [f"{event.type} {event.json}" for event in events]
    return {"types": list(error.types), "size": error.size, "until": error.until, "events": told}
