"""The native requests and replies, against the vectors that the server's tests read, too."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from everstore_client.errors import ProtocolError, TooLarge
from everstore_client.wire import layouts, native_requests
from everstore_client.wire.frames import Frame
from everstore_client.wire.layouts import LITTLE, MULTIPART
from everstore_client.wire.native_replies import Fetched, Hello, Outcome
from everstore_client.wire.native_requests import Append, Condition, End, Start
from everstore_client.wire.replies import decode
from everstore_client.wire.requests import Request, encode

VECTORS = json.loads((Path(__file__).parents[3] / "contract" / "native.json").read_text())


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(each, id=each["name"]) for each in vectors]


def joined(words: list[str]) -> bytes:
    return "\n".join(words).encode()


def append_of(vector: dict[str, Any]) -> Append:
    return Append(
        vector["sequence"],
        vector["position"],
        Condition(vector["condition"]),
        vector["journal"].encode(),
        joined(vector["declares"]),
        joined(vector["depends"]),
        joined(vector["events"]),
    )


def request_of(vector: dict[str, Any]) -> Request[Any]:
    if vector["request"] == "native":
        return native_requests.hello()
    if vector["request"] == "lane":
        return native_requests.lane(vector["to"])
    if vector["request"] == "append":
        wanted = [append_of(each) for each in vector["appends"]]
        client = bytes.fromhex(vector["client"])
        return native_requests.appends(client, vector["run"], vector["answered"], vector["worker"], wanted)
    place = vector["start"], vector["end"], vector["timestamps"], Start(vector["start_is"]), End(vector["end_is"])
    return native_requests.fetch(vector["journal"].encode(), *place, joined(vector["types"]))


@pytest.mark.parametrize("vector", named(VECTORS["requests"]))
def test_each_request_is_the_bytes_of_its_vector(vector: dict[str, Any]) -> None:
    request = request_of(vector)
    frame = bytes.fromhex(vector["frame"])
    assert encode(request, vector["uid"], LITTLE) == frame


def frame_of(vector: dict[str, Any]) -> Frame:
    data = bytes.fromhex(vector["frame"])
    kind, size, uid, properties, worker = LITTLE.header.unpack(data[:20])
    assert size == len(data) - 20
    assert (uid, properties) == (vector["uid"], MULTIPART if vector.get("more") else 0)
    return Frame(kind, uid, properties, worker, data[20:])


def said(vector: dict[str, Any]) -> object:
    if vector["reply"] == "native":
        return Hello(vector["revision"], vector["workers"], vector["request_bytes_max"], vector["run"])
    if vector["reply"] == "lane":
        return vector["worker"]
    if vector["reply"] == "append":
        return [Outcome(**{**each, "text": each["text"].encode()}) for each in vector["outcomes"]]
    return Fetched(vector["start"], vector["end"], vector["text"].encode())


@pytest.mark.parametrize("vector", named(VECTORS["replies"]))
def test_each_reply_says_what_its_vector_says(vector: dict[str, Any]) -> None:
    assert decode(frame_of(vector), LITTLE) == said(vector)


@pytest.mark.parametrize("vector", named(VECTORS["replies"]))
def test_a_body_of_any_other_length_is_refused(vector: dict[str, Any]) -> None:
    frame = frame_of(vector)
    for body in (*(frame.body[:end] for end in range(len(frame.body))), frame.body + b"\0"):
        with pytest.raises(ProtocolError):
            decode(frame._replace(body=body), LITTLE)


def test_a_server_without_workers_is_none() -> None:
    with pytest.raises(ProtocolError):
        decode(Frame(layouts.NATIVE, 1, 0, 0, LITTLE.pack(1, 0, 99, 0, 0)), LITTLE)


def test_rubbish_leaves_only_as_a_protocol_error() -> None:
    seeded = random.Random(6929)
    for _ in range(5000):
        try:
            decode(Frame(seeded.choice((34, 35, 36, 37)), 1, 0, 1, seeded.randbytes(seeded.randrange(60))), LITTLE)
        except ProtocolError:
            continue


@pytest.mark.parametrize("field", [{"declares": b"x" * 65536}, {"depends": b"x" * 65536}, {"position": -1}])
def test_what_its_field_cannot_say_is_too_large(field: dict[str, Any]) -> None:
    append = Append(1, 0, Condition.NONE, b"/u", b"a", b"", b"a 1")
    with pytest.raises(TooLarge):
        native_requests.appends(bytes(16), 1, 0, 1, [append._replace(**field)])


@pytest.mark.parametrize("place", [(-1, 0), (0, 2**64)])
def test_a_position_past_64_bits_is_too_large(place: tuple[int, int]) -> None:
    with pytest.raises(TooLarge):
        native_requests.fetch(b"/u", *place, timestamps=False)
