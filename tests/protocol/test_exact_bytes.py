"""Every reply, byte for byte: header, sizes, request and worker UIDs."""

from __future__ import annotations

import struct

import orjson
import pytest
from support import frames
from support.frames import COMMIT, ERROR, EXISTS, HEADER, LIST, OPEN, READ, ROLLBACK, STATUS, TIMESTAMPS
from support.journal_files import STAMP, STAMP_BYTES, journal_file
from support.server import RunningServer
from support.wire import Client

UIDS = [0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
LINE = b'user.Created {"name":"x"}'
SIZE = STAMP_BYTES + len(LINE) + 1


def header(kind: int, size: int, uid: int, worker: int, properties: int = 0) -> bytes:
    return struct.pack("<5I", kind, size, uid, properties, worker)


def worker_of(client: Client, name: bytes) -> int:
    return client.open(name).worker


@pytest.mark.parametrize("uid", UIDS)
def test_a_new_transaction_is_answered_with_size_and_transaction_uid(client: Client, name: bytes, uid: int) -> None:
    worker = worker_of(client, name)
    client.send(frames.open_transaction(name, uid))
    assert client.receive_exactly(24) == header(OPEN, 8, uid, worker) + b"\0\0\0\0"
    assert client.receive_exactly(4) != b"\0\0\0\0", "a transaction UID is never 0"


@pytest.mark.parametrize("uid", UIDS)
def test_a_commit_is_answered_with_success_and_the_size_now(client: Client, name: bytes, uid: int) -> None:
    on = client.open(name)
    client.send(frames.commit(name, on.worker, on.transaction, b"user.Created", LINE, uid))
    assert client.receive_exactly(28) == header(COMMIT, 8, uid, on.worker) + struct.pack("<2I", 1, SIZE)


@pytest.mark.parametrize("uid", UIDS)
def test_a_conflict_is_answered_with_no_success_and_the_size_now(client: Client, name: bytes, uid: int) -> None:
    late = client.open(name)
    client.append(name, LINE, types=b"user.Created")
    client.send(frames.commit(name, late.worker, late.transaction, b"user.Created", LINE, uid))
    assert client.receive_exactly(28) == header(COMMIT, 8, uid, late.worker) + struct.pack("<2I", 0, SIZE)


@pytest.mark.parametrize("uid", UIDS)
def test_a_rollback_is_answered_with_one_byte(client: Client, name: bytes, uid: int) -> None:
    on = client.open(name)
    client.send(frames.rollback(name, on.worker, on.transaction, uid))
    assert client.receive_exactly(21) == header(ROLLBACK, 1, uid, on.worker) + b"\1"


@pytest.mark.parametrize("uid", UIDS)
def test_a_read_is_answered_with_the_count_and_the_bytes(client: Client, name: bytes, uid: int) -> None:
    size = client.append(name, LINE, LINE)
    worker = worker_of(client, name)
    body = LINE + b"\n" + LINE
    client.send(frames.read(name, worker, 0, size, uid=uid))
    due = header(READ, 4 + len(body), uid, worker) + struct.pack("<I", len(body)) + body
    assert client.receive_exactly(len(due)) == due


def test_a_read_with_timestamps_is_answered_with_the_lines_of_the_file(client: Client, name: bytes) -> None:
    size = client.append(name, LINE)
    worker = worker_of(client, name)
    client.send(frames.read(name, worker, 0, size, TIMESTAMPS, uid=8))
    kind, body_bytes, uid, properties, from_worker = HEADER.unpack(client.receive_exactly(HEADER.size))
    assert (kind, body_bytes, uid, properties & ~TIMESTAMPS, from_worker) == (READ, 4 + size - 1, 8, 0, worker)
    body = client.receive_exactly(body_bytes)
    assert body[:4] == struct.pack("<I", size - 1)
    assert STAMP.match(body, 4)
    assert body[4 + STAMP_BYTES :] == LINE


@pytest.mark.parametrize("uid", UIDS)
def test_a_read_of_nothing_is_answered_with_a_count_of_zero(client: Client, name: bytes, uid: int) -> None:
    worker = worker_of(client, name)
    client.send(frames.read(name, worker, 0, 0, uid=uid))
    assert client.receive_exactly(24) == header(READ, 4, uid, worker) + b"\0\0\0\0"


@pytest.mark.parametrize("uid", UIDS)
def test_whether_a_journal_exists_is_answered_with_one_byte(client: Client, name: bytes, uid: int) -> None:
    worker = worker_of(client, name)
    client.send(frames.exists(name, uid))
    assert client.receive_exactly(21) == header(EXISTS, 1, uid, worker) + b"\0"
    client.append(name, LINE)
    client.send(frames.exists(name, uid))
    assert client.receive_exactly(21) == header(EXISTS, 1, uid, worker) + b"\1"


@pytest.mark.parametrize("uid", UIDS)
@pytest.mark.parametrize("worker", [0, 1])
def test_a_status_is_answered_with_a_count_and_json(client: Client, uid: int, worker: int) -> None:
    reply = client.ask(frames.status(worker, uid))
    assert (reply.kind, reply.uid, reply.properties) == (STATUS, uid, 0)
    assert reply.body[:4] == struct.pack("<I", len(reply.body) - 4)
    assert isinstance(orjson.loads(reply.body[4:]), dict)


@pytest.mark.parametrize("uid", UIDS)
def test_a_list_is_answered_with_more_a_count_and_the_names(client: Client, name: bytes, uid: int) -> None:
    names = [name + b"/a", name + b"/b"]
    for each in names:
        client.append(each, LINE)
    for most, more, due in [(2, 0, names), (1, 1, names[:1])]:
        reply = client.ask(frames.list_journals(name + b"/", b"", most, uid))
        assert (reply.kind, reply.uid, reply.properties) == (LIST, uid, 0)
        assert reply.body == struct.pack("<2I", more, len(b"\n".join(due))) + b"\n".join(due)


@pytest.mark.parametrize("uid", UIDS)
def test_an_error_is_type_1_with_its_code_and_the_request_uid(client: Client, name: bytes, uid: int) -> None:
    worker = worker_of(client, name)
    for request, code in [
        (frames.commit(name, worker, 0xFFFFFFFF, b"", LINE, uid), 6),
        (frames.read(name, worker, 1, 1, uid=uid), 5),
        (frames.open_transaction(b"no-slash", uid), 8),
        (frames.exists(b"/a//b", uid), 8),
        (frames.frame(99, uid), 1),
    ]:
        client.send(request)
        kind, size, from_uid, properties, _ = HEADER.unpack(client.receive_exactly(HEADER.size))
        assert (kind, size, from_uid, properties) == (ERROR, 4, uid, 0)
        assert client.receive_exactly(4) == struct.pack("<I", code)


def test_a_request_uid_may_be_used_again_once_it_is_answered(client: Client, name: bytes) -> None:
    for _ in range(3):
        assert client.ask(frames.exists(name, 7)).uid == 7
        assert client.ask(frames.open_transaction(name, 7)).uid == 7
        assert client.ask(frames.frame(99, 7)).uid == 7


def test_a_commit_names_the_size_of_the_file(client: Client, server: RunningServer, name: bytes) -> None:
    for count in range(1, 6):
        size = client.append(name, *[LINE] * count)
        assert size == journal_file(server.journals, name).stat().st_size
        assert size == client.open(name).size


def test_a_journal_has_one_worker_whoever_asks_and_whatever(client: Client, other: Client, name: bytes) -> None:
    on = client.open(name)
    client.append(name, LINE)
    again = other.open(name)
    replies = [
        other.ask(frames.open_transaction(name)),
        client.ask(frames.exists(name)),
        other.ask(frames.read(name, on.worker, 0, SIZE)),
        other.ask(frames.rollback(name, on.worker, again.transaction)),
        client.ask(frames.commit(name, on.worker, on.transaction, b"", LINE)),
    ]
    assert {reply.worker for reply in replies} == {on.worker}


def test_workers_are_numbered_from_1_and_all_of_them_get_journals(client: Client, server: RunningServer) -> None:
    workers = server.options["workers"]
    assert isinstance(workers, int)
    owned = [client.open(f"/spread/{number}".encode()).worker for number in range(200)]
    assert set(owned) == set(range(1, workers + 1))
    assert all(owned.count(worker) >= 200 / workers / 3 for worker in set(owned)), "no worker is nearly idle"


@pytest.mark.parametrize("past", [1, 2, 1000, 0xFFFFFFFF - 5])
def test_a_worker_that_does_not_exist_is_error_3(client: Client, server: RunningServer, name: bytes, past: int) -> None:
    workers = server.options["workers"]
    assert isinstance(workers, int)
    nobody = workers + past
    on = client.open(name)
    for request in [
        frames.commit(name, nobody, on.transaction, b"", LINE),
        frames.read(name, nobody, 0, 0),
        frames.rollback(name, nobody, on.transaction),
        frames.status(nobody),
    ]:
        assert client.ask(request).code == 3
    assert client.commit(on, LINE).succeeded, "the connection and the transaction go on"


def test_naming_another_worker_never_leads_a_commit_astray(client: Client, server: RunningServer, name: bytes) -> None:
    workers = server.options["workers"]
    assert isinstance(workers, int)
    size = client.append(name, LINE)
    for worker in range(1, workers + 1):
        on = client.open(name)
        reply = client.ask(frames.commit(name, worker, on.transaction, b"", LINE))
        if reply.kind == COMMIT:
            size += SIZE
            assert reply.body == struct.pack("<2I", 1, size)
        else:
            assert worker != on.worker
    assert client.open(name).size == size == journal_file(server.journals, name).stat().st_size
    assert set(client.events(name)) == {LINE}
