"""A transaction's life: where it may be used, what ends it, and what is answered afterwards."""

from __future__ import annotations

import itertools
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.frames import COMMIT, Refused
from support.journal_files import journal_file
from support.server import RunningServer
from support.waiting import until
from support.wire import Client, Opened

pytestmark = pytest.mark.slow

LINE = b"t {}"
LIFETIME_S = 1
POOL = 150  # more than there are polls in a lifetime


def code_of_commit(client: Client, on: Opened, events: bytes = LINE) -> int:
    """0 when it succeeded, otherwise the error."""
    reply = client.ask(frames.commit(on.name, on.worker, on.transaction, b"", events))
    return 0 if reply.kind == COMMIT else reply.code


def test_transaction_uids_differ_while_their_transactions_live(client: Client, other: Client, name: bytes) -> None:
    uids = [connection.open(name).transaction for _ in range(200) for connection in (client, other)]
    assert len(set(uids)) == 400
    assert 0 not in uids


def test_a_transaction_is_gone_after_its_commit(client: Client, name: bytes) -> None:
    on = client.open(name)
    assert client.commit(on, LINE).succeeded
    assert code_of_commit(client, on) == 6
    assert client.events(name) == [LINE]


def test_a_transaction_is_gone_after_a_conflict(client: Client, name: bytes) -> None:
    on = client.open(name)
    client.append(name, LINE, types=b"t")
    assert not client.commit(on, LINE, types=b"t").succeeded
    assert code_of_commit(client, on) == 6
    assert client.events(name) == [LINE]


def test_a_transaction_is_gone_after_its_rollback(client: Client, name: bytes) -> None:
    on = client.open(name)
    assert client.rollback(on) == b"\1"
    assert code_of_commit(client, on) == 6
    assert not client.exists(name)


def test_a_transaction_is_gone_after_a_commit_without_events(client: Client, name: bytes) -> None:
    on = client.open(name)
    assert client.commit(on) == (True, 0)
    assert code_of_commit(client, on) == 6


def test_rolling_back_what_is_gone_is_answered_all_the_same(client: Client, name: bytes) -> None:
    committed, conflicted, rolled_back = client.open(name), client.open(name), client.open(name)
    assert client.commit(committed, LINE, types=b"t").succeeded
    assert not client.commit(conflicted, LINE, types=b"t").succeeded
    assert client.rollback(rolled_back) == b"\1"
    for on in (committed, conflicted, rolled_back, rolled_back._replace(transaction=0xFFFFFFFF)):
        assert client.rollback(on) == b"\1"
        assert client.rollback(on) == b"\1"


@pytest.mark.parametrize("transaction", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_transaction_that_never_was_is_error_6(client: Client, name: bytes, transaction: int) -> None:
    on = client.open(name)._replace(transaction=transaction)
    assert code_of_commit(client, on) == 6
    assert not client.exists(name)


def test_a_transaction_is_of_its_journal_alone(client: Client, name: bytes) -> None:
    """Of twenty other journals some lie with the same worker."""
    on = client.open(name)
    for number in range(20):
        another = client.open(name + b"/%d" % number)
        same_uid = another.transaction == on.transaction
        assert code_of_commit(client, another._replace(transaction=on.transaction)) == (0 if same_uid else 6)
        assert client.exists(another.name) == same_uid
    assert client.commit(on, LINE).succeeded, "it lives, whatever was tried under its UID elsewhere"


def test_a_rollback_under_another_journals_name_ends_nothing(client: Client, name: bytes) -> None:
    on = client.open(name)
    for number in range(20):
        another = name + b"/%d" % number
        client.ask(frames.rollback(another, client.open(another).worker, on.transaction))
    assert client.commit(on, LINE).succeeded


def test_a_commit_may_come_over_another_connection_than_the_opening(client: Client, other: Client, name: bytes) -> None:
    on = client.open(name)
    assert other.commit(on, LINE).succeeded
    assert code_of_commit(client, on) == 6


def test_a_rollback_may_come_over_another_connection_than_the_opening(
    client: Client, other: Client, name: bytes
) -> None:
    on = client.open(name)
    assert other.rollback(on) == b"\1"
    assert code_of_commit(client, on) == 6


@pytest.mark.parametrize("how", ["close", "reset"])
def test_transactions_die_with_their_connection(server: RunningServer, client: Client, name: bytes, how: str) -> None:
    with Client(server.port) as leaving:
        opened = iter([leaving.open(name) for _ in range(500)])
        if how == "reset":
            leaving.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("2i", 1, 0))
    codes = until(lambda: code_of_commit(client, next(opened)), "the transactions are gone")
    assert codes == 6
    before = client.events(name)
    assert {code_of_commit(client, on) for on in opened} == {6}
    assert client.events(name) == before


def test_a_commit_that_was_sent_before_the_connection_closed_is_whole_or_absent(
    server: RunningServer, client: Client, name: bytes
) -> None:
    events = [b"t %d" % number for number in range(100)]
    with Client(server.port) as leaving:
        on = leaving.open(name)
        witnesses = iter([leaving.open(name) for _ in range(500)])
        leaving.send(frames.commit(name, on.worker, on.transaction, b"", b"\n".join(events)))
    until(lambda: code_of_commit(client, next(witnesses), b"") == 6, "the connection's transactions are gone")
    assert client.events(name) in ([], events)


def test_many_open_transactions_are_held_or_refused_but_never_lost(client: Client, name: bytes) -> None:
    client.send(*[frames.open_transaction(name, uid) for uid in range(20_000)])
    replies = client.receive_many(20_000)
    opened = [reply for reply in replies if reply.kind == frames.OPEN]
    refused = {reply.code for reply in replies if reply.kind == frames.ERROR}
    assert refused <= {1}, "the bound is answered with an error"
    assert len(opened) >= 1000
    for reply in opened[:: len(opened) // 10]:
        on = Opened(name, *frames.TWO.unpack(reply.body), reply.worker)
        assert client.commit(on, LINE).succeeded
    client.send(*[frames.rollback(name, r.worker, frames.TWO.unpack(r.body)[1], r.uid) for r in opened])
    assert {reply.body for reply in client.receive_many(len(opened))} == {b"\1"}
    assert client.open(name).transaction


# -- a lifetime


@pytest.fixture(scope="module", params=[1, 5], ids=["one worker", "five workers"])
def impatient(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    directory: Path = tmp_path_factory.mktemp("impatient") / "journals"
    with RunningServer(directory, workers=request.param, transaction_lifetime=LIFETIME_S) as running:
        yield running


def test_a_transaction_that_idled_past_its_lifetime_is_error_4(impatient: RunningServer, name: bytes) -> None:
    with Client(impatient.port) as client:
        start = time.monotonic()
        # The latest first: when that one has died, all opened before it have, too.
        opened = iter([client.open(name) for _ in range(POOL)][::-1])
        code = until(lambda: code_of_commit(client, next(opened)), "a transaction has died of age")
        assert code == 4
        assert time.monotonic() - start > LIFETIME_S * 0.9, "not before its time"
        before = journal_file(impatient.journals, name).read_bytes()
        left = list(itertools.islice(opened, 20))
        assert len(left) == 20
        for on in left:
            assert code_of_commit(client, on) == 4
            with pytest.raises(Refused) as refused:
                client.commit(on, LINE)
            assert refused.value.code in (4, 6)
            assert client.rollback(on) == b"\1"
        assert journal_file(impatient.journals, name).read_bytes() == before, "a dead one commits nothing"


def test_one_transaction_that_idled_past_its_lifetime_is_error_4(impatient: RunningServer, name: bytes) -> None:
    """Its death is told from the outside by another that was opened after it and has died, too."""
    with Client(impatient.port) as client:
        on = client.open(name)
        later = iter([client.open(name + b"/later") for _ in range(POOL)])
        assert until(lambda: code_of_commit(client, next(later)), "a later one has died of age") == 4
        assert code_of_commit(client, on) == 4
        assert not client.exists(name)


def test_the_lifetime_of_a_transaction_is_its_own(impatient: RunningServer, name: bytes) -> None:
    """One opened when another has died lives on."""
    with Client(impatient.port) as client:
        early = iter([client.open(name) for _ in range(POOL)])
        assert until(lambda: code_of_commit(client, next(early)), "an early one has died of age") == 4
        late = client.open(name)
        assert {code_of_commit(client, on) for on in itertools.islice(early, 5)} <= {0, 4}
        assert client.commit(late, LINE).succeeded


def test_a_new_transaction_is_opened_after_one_died_of_age(impatient: RunningServer, name: bytes) -> None:
    with Client(impatient.port) as client:
        opened = iter([client.open(name) for _ in range(POOL)])
        assert until(lambda: code_of_commit(client, next(opened)), "a transaction has died of age") == 4
        assert client.commit(client.open(name), LINE).succeeded


def test_a_connection_outlives_the_lifetime_of_transactions(impatient: RunningServer, name: bytes) -> None:
    with Client(impatient.port) as quiet, Client(impatient.port) as clock:
        opened = iter([clock.open(name) for _ in range(POOL)])
        assert until(lambda: code_of_commit(clock, next(opened)), "a transaction has died of age") == 4
        assert quiet.append(name + b"/quiet", LINE) > 0
