"""How a program that is checked by `mypy --strict` uses the client; `test_typing.py` checks it, nobody runs it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import assert_type

from everstore_client import (
    AsyncClient,
    AsyncTransaction,
    Client,
    Commit,
    Conflict,
    DirectorySnapshots,
    Event,
    Registry,
    Repository,
    Result,
    Transaction,
    connect,
    connect_async,
)


class UserEvent:
    pass


registry = Registry[UserEvent]()
untyped = Registry()


@registry.event("user.Created")
@dataclass
class UserCreated(UserEvent):
    email: str


def blocking() -> None:
    with connect("everstore://localhost", registry=registry, connections=6, timeout=30.0) as db:
        assert_type(db, Client[UserEvent])
        assert_type(db.read("/user/42"), list[UserEvent])
        assert_type(db.read("/user/42", timestamps=True), list[Event])
        assert_type(db.stream("/user/42"), Iterator[UserEvent])
        assert_type(db.run("/user/42", greet), int)
        with db.transaction("/user/42", must_be_new=True) as tx:
            assert_type(tx, Transaction[UserEvent])
            assert_type(tx.read(since=0), list[UserEvent])
            tx.append(UserCreated("pa@example.com"))
            assert_type(tx.commit(), Commit)
        with db.pipeline() as pipeline:
            assert_type(pipeline.append("/a", UserCreated("x")), Result[Commit])
            assert_type(pipeline.read("/a").result(), list[UserEvent])


def greet(tx: Transaction[UserEvent]) -> int:
    return len(tx.read())


def plain() -> None:
    db = connect("everstore://localhost")
    assert_type(db, Client[Event])
    for event in db.read("/user/42", timestamps=True):
        assert_type(event.timestamp, datetime | None)
    try:
        db.append("/user/42", type="user.Created", data={})
    except Conflict as conflict:
        assert_type(conflict.types, tuple[str, ...])
    for anything in connect("everstore://localhost", registry=untyped).read("/user/42"):
        print(anything.whatever)  # noqa: T201


async def asynchronous() -> None:
    async with connect_async("everstore://localhost", registry=registry) as db:
        assert_type(db, AsyncClient[UserEvent])
        assert_type(await db.read("/user/42"), list[UserEvent])
        assert_type(await db.run("/user/42", greet_async), int)
        async for event in db.stream("/user/42", timestamps=True):
            assert_type(event, Event)
        async with db.transaction("/user/42") as tx:
            assert_type(tx, AsyncTransaction[UserEvent])
            assert_type(await tx.commit(), Commit)


async def greet_async(tx: AsyncTransaction[UserEvent]) -> int:
    return len(await tx.read())


def count(state: int, event: UserEvent) -> int:
    return state + 1 if event else state


def repositories(db: Client[UserEvent]) -> None:
    snapshots = DirectorySnapshots[int]("snapshots", lambda state: b"%d" % state, int)
    counted = Repository(db, count, int, snapshots=snapshots)
    assert_type(counted.get("/user/42"), int)
    assert_type(counted.update("/user/42", lambda _: [UserCreated("x")]), Commit)
