"""What a client hears from a server that knows its user, and does not allow everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.server import RunningServer
from support.users import user, write_users

from everstore_client import NotAllowed, connect, connect_async


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("users")
    reader = user("reader", "r", "/orders/", reads_only=True)
    users = write_users(folder / "users.json", user("writer", "w"), reader)
    with RunningServer(folder / "journals", users=users) as running:
        with connect(f"everstore://writer:w@localhost:{running.port}") as db:
            db.append("/orders/1", type="t", data=1)
            db.append("/secret", type="t", data=1)
        yield running


def test_who_may_only_read_some_journals_reads_these_and_is_told_of_the_others(server: RunningServer) -> None:
    with connect(f"everstore://reader:r@localhost:{server.port}") as db:
        assert [event.data for event in db.read("/orders/1")] == [1]
        assert list(db.journals()) == ["/orders/1"]
        with pytest.raises(NotAllowed, match=r"may only read.*code 16"):
            db.append("/orders/1", type="t", data=2)
        for ask in (lambda: db.read("/secret"), lambda: db.exists("/secret"), lambda: list(db.journals("/secret"))):
            with pytest.raises(NotAllowed):
                ask()
        with db.transaction("/orders/1") as tx:
            assert len(tx.read()) == 1, "and it is committed with nothing in it"


def test_the_async_client_is_told_the_same(server: RunningServer, run: Callable[..., Any]) -> None:
    async def ask() -> None:
        async with connect_async(f"everstore://reader:r@localhost:{server.port}") as db:
            with pytest.raises(NotAllowed):
                await db.append("/orders/1", type="t", data=2)
            with pytest.raises(NotAllowed):
                await db.read("/secret")
            assert [event.data for event in await db.read("/orders/1")] == [1]

    run(ask)
