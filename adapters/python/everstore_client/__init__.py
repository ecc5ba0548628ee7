"""The Python client of Everstore, an append-only event store.

    from everstore_client import connect

    with connect("everstore://admin:passwd@localhost:6929") as db, db.transaction("/user/42") as tx:
        tx.append(type="user.Created", data={"email": "pa@example.com"})

`connect` is the blocking client; `connect_async` is the same under trio and asyncio and needs the extra `async`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .blocking.client import Client, connect
from .blocking.pipeline import Pipeline, Result
from .blocking.repository import Repository
from .blocking.transaction import Transaction
from .choice import Choosing
from .errors import (
    AuthenticationFailed,
    BadUrl,
    CannotRead,
    CannotWrite,
    Conflict,
    ConnectionLost,
    EverstoreError,
    InvalidJournalName,
    NoSuchPosition,
    NoSuchTransaction,
    NoSuchWorker,
    NotAcceptable,
    NotAllowed,
    OutcomeUnknown,
    ProtocolError,
    ServerError,
    Timeout,
    TooLarge,
    TransactionEnded,
    TransactionExpired,
    UnknownError,
    UnknownEventType,
    UnreadableEvent,
)
from .event import Event
from .names import NEW_JOURNAL
from .registry import Registry
from .snapshots import DirectorySnapshots, MemorySnapshots, Snapshot, Snapshots
from .transactions import Commit

if TYPE_CHECKING:
    from .aio.client import AsyncClient, connect_async
    from .aio.repository import AsyncRepository
    from .aio.transaction import AsyncTransaction

__all__ = [
    "NEW_JOURNAL",
    "AsyncClient",
    "AsyncRepository",
    "AsyncTransaction",
    "AuthenticationFailed",
    "BadUrl",
    "CannotRead",
    "CannotWrite",
    "Choosing",
    "Client",
    "Commit",
    "Conflict",
    "ConnectionLost",
    "DirectorySnapshots",
    "Event",
    "EverstoreError",
    "InvalidJournalName",
    "MemorySnapshots",
    "NoSuchPosition",
    "NoSuchTransaction",
    "NoSuchWorker",
    "NotAcceptable",
    "NotAllowed",
    "OutcomeUnknown",
    "Pipeline",
    "ProtocolError",
    "Registry",
    "Repository",
    "Result",
    "ServerError",
    "Snapshot",
    "Snapshots",
    "Timeout",
    "TooLarge",
    "Transaction",
    "TransactionEnded",
    "TransactionExpired",
    "UnknownError",
    "UnknownEventType",
    "UnreadableEvent",
    "connect",
    "connect_async",
]

_NEEDS_ANYIO = {
    "AsyncClient": "client",
    "AsyncRepository": "repository",
    "AsyncTransaction": "transaction",
    "connect_async": "client",
}


def __getattr__(name: str) -> Any:
    """The async names are imported at their first use, so that the blocking client does without anyio."""
    if name not in _NEEDS_ANYIO:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f".aio.{_NEEDS_ANYIO[name]}", __name__)
    except ModuleNotFoundError as error:
        if error.name != "anyio":
            raise
        raise ImportError(f"{name} needs anyio: install everstore_client[async]", name="anyio") from error
    return getattr(module, name)
