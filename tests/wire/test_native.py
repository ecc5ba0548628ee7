"""Native requests and replies, against the vectors that all adapters read, too."""

from __future__ import annotations

import json
from struct import pack
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.native import append

from everstore.errors import Code
from everstore.wire import native
from everstore.wire.layouts import HEADER, MULTIPART, WITH_TIMESTAMPS, Type
from everstore.wire.native import Appends, Fetch, Outcome
from everstore.wire.requests import Malformed

VECTORS = json.loads((REPOSITORY / "adapters/contract/native.json").read_text())

DECODE = {"append": native.appends, "fetch": native.fetch}


def named(vectors: list[dict[str, Any]], which: str, kind: str) -> list[Any]:
    return [pytest.param(each, id=each["name"]) for each in vectors if each[which] == kind]


def joined(words: list[str]) -> bytes:
    return "\n".join(words).encode()


def frame(vector: dict[str, Any]) -> tuple[tuple[int, ...], bytes]:
    data = bytes.fromhex(vector["frame"])
    header = HEADER.unpack_from(data)
    assert header[1] == len(data) - HEADER.size
    return header, data[HEADER.size :]


def shown(wanted: Appends) -> list[object]:
    return [wanted.client, wanted.run, wanted.answered, *[(*each[:6], each.events) for each in wanted.appends]]


@pytest.mark.parametrize("vector", named(VECTORS["requests"], "request", "append"))
def test_appends(vector: dict[str, Any]) -> None:
    header, body = frame(vector)
    wanted = Appends(
        bytes.fromhex(vector["client"]),
        vector["run"],
        vector["answered"],
        [
            append(
                each["journal"].encode(),
                joined(each["events"]),
                each["sequence"],
                each["condition"],
                each["position"],
                joined(each["declares"]),
                joined(each["depends"]),
            )
            for each in vector["appends"]
        ],
    )
    assert header == (Type.APPEND, len(body), vector["uid"], 0, vector["worker"])
    assert shown(native.appends(body)) == shown(wanted)
    assert native.appends_body(wanted) == body
    assert native.names(body) == [each.name for each in wanted.appends]


@pytest.mark.parametrize("vector", named(VECTORS["requests"], "request", "fetch"))
def test_fetches(vector: dict[str, Any]) -> None:
    header, body = frame(vector)
    types = frozenset(each.encode() for each in vector["types"])
    name = vector["journal"].encode()
    wanted = Fetch(name, vector["start_is"], vector["start"], vector["end_is"], vector["end"], types)
    assert header == (Type.FETCH, len(body), vector["uid"], WITH_TIMESTAMPS if vector["timestamps"] else 0, 0)
    assert native.fetch(body) == wanted
    assert native.fetch_body(wanted) == body


def test_hello() -> None:
    (asked,) = (each for each in VECTORS["requests"] if each["request"] == "native")
    assert native.hello_body(frame(asked)[1]) == asked["revision"] == native.REVISION
    (answered,) = (each for each in VECTORS["replies"] if each["reply"] == "native")
    fields = (answered[each] for each in ("uid", "workers", "request_bytes_max", "run"))
    assert native.hello(*fields) == bytes.fromhex(answered["frame"])


def test_lane() -> None:
    (asked,) = (each for each in VECTORS["requests"] if each["request"] == "lane")
    header, body = frame(asked)
    assert header == (Type.LANE, len(body), asked["uid"], 0, 0)
    assert native.lane_body(body) == asked["to"]
    (answered,) = (each for each in VECTORS["replies"] if each["reply"] == "lane")
    assert native.lane(answered["uid"], answered["worker"]) == bytes.fromhex(answered["frame"])


@pytest.mark.parametrize("vector", named(VECTORS["replies"], "reply", "append"))
def test_outcomes(vector: dict[str, Any]) -> None:
    found = [
        Outcome(each["code"], each["position"], each["until"], each["text"].encode()) for each in vector["outcomes"]
    ]
    assert native.outcomes(vector["uid"], vector["worker"], found) == bytes.fromhex(vector["frame"])
    assert native.outcomes_of(frame(vector)[1]) == found


@pytest.mark.parametrize("vector", named(VECTORS["replies"], "reply", "fetch"))
def test_parts(vector: dict[str, Any]) -> None:
    header, body = frame(vector)
    start, end, text = (vector[each] for each in ("start", "end", "text"))
    made = native.fetched_part(vector["uid"], vector["worker"], start, end, text.encode(), vector["more"])
    assert made == bytes.fromhex(vector["frame"])
    assert header[3] == (MULTIPART if vector["more"] else 0)
    assert native.fetched(body) == (start, end, text.encode())


@pytest.mark.parametrize(
    ("decode", "body"),
    [
        pytest.param(native.hello_body, pack("<I", 1), id="hello"),
        pytest.param(native.lane_body, pack("<I", 1), id="lane"),
        *[
            pytest.param(DECODE[each["request"]], frame(each)[1], id=each["name"])
            for each in VECTORS["requests"]
            if each["request"] in DECODE
        ],
    ],
)
def test_a_body_is_decoded_only_when_its_lengths_add_up(decode: Any, body: bytes) -> None:
    decode(body)
    for wrong in [body[:size] for size in range(len(body))] + [body + b"x"]:
        with pytest.raises(Malformed) as refused:
            decode(wrong)
        assert refused.value.code == Code.UNKNOWN


def test_a_request_without_an_append_is_malformed() -> None:
    with pytest.raises(Malformed, match="the lengths in a request to append do not add up to its 36 bytes"):
        native.appends(native.appends_body(Appends(bytes(16), 0, 0, [])))
