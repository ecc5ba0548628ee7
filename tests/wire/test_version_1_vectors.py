"""Version 1's requests and replies, against the vectors that all adapters read, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.checkout import REPOSITORY

from everstore.errors import Code
from everstore.wire import replies, requests
from everstore.wire.layouts import HEADER, HEADER_BYTES, WITH_TIMESTAMPS, Type

VECTORS = json.loads((REPOSITORY / "adapters/contract/version1.json").read_text())


def little_endian(which: str) -> list[Any]:
    """What this server speaks: its hello names no other order."""
    return [pytest.param(each, id=each["name"]) for each in VECTORS[which] if "order" not in each]


def fields(vector: dict[str, Any]) -> Any:
    """What the server finds in a request's body."""
    text = {name: value.encode() for name, value in vector.items() if isinstance(value, str)}
    match vector["request"]:
        case "authenticate":
            return text["user"], text["password"]
        case "new transaction" | "exists":
            return text["journal"]
        case "commit":
            types = ",".join(vector["types"]).encode()
            return text["journal"], vector["transaction"], types, 16 + len(text["journal"]) + len(types)
        case "rollback":
            return text["journal"], vector["transaction"]
        case "read":
            return text["journal"], vector["since"], vector["size"]
        case "list journals":
            return text["prefix"], text["after"], vector["most"]
    return None


DECODE = {
    "authenticate": (Type.AUTHENTICATE, requests.login),
    "new transaction": (Type.NEW_TRANSACTION, requests.name_only),
    "commit": (Type.COMMIT, requests.commit),
    "rollback": (Type.ROLLBACK, requests.rollback),
    "read": (Type.READ, requests.read),
    "exists": (Type.EXISTS, requests.name_only),
    "status": (Type.STATUS, requests.status),
    "list journals": (Type.LIST, requests.listing),
}


@pytest.mark.parametrize("vector", little_endian("requests"))
def test_requests(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["frame"])
    body = data[HEADER_BYTES:]
    kind, decode = DECODE[vector["request"]]
    properties = WITH_TIMESTAMPS if vector.get("timestamps") else 0
    assert HEADER.unpack_from(data) == (kind, len(body), vector["uid"], properties, vector.get("worker", 0))
    assert decode(body) == fields(vector)
    if vector["request"] == "commit":
        assert body[fields(vector)[3] :] == "\n".join(vector["events"]).encode()


def encoded(vector: dict[str, Any]) -> bytes:
    uid, worker = vector["uid"], vector["worker"]
    match vector["reply"]:
        case "error":
            return replies.error(uid, worker, Code(vector["code"]))
        case "new transaction":
            return replies.new_transaction(uid, worker, vector["size"], vector["transaction"])
        case "commit":
            return replies.commit(uid, worker, vector["success"], vector["size"])
        case "rollback":
            return replies.rollback(uid, worker)
        case "read":
            return replies.read_part(uid, worker, vector["text"].encode(), vector["more"])
        case "exists":
            return replies.exists(uid, worker, vector["exists"])
        case "status":
            return replies.status(uid, worker, vector["text"].encode())
    return replies.listing(uid, worker, "\n".join(vector["journals"]).encode(), vector["more"])


@pytest.mark.parametrize("vector", little_endian("replies"))
def test_replies(vector: dict[str, Any]) -> None:
    assert encoded(vector) == bytes.fromhex(vector["frame"])
