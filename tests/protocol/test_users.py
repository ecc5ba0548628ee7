"""Users of a file: who gets in, what each may do, and what happens when the file changes."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import frames
from support.frames import Refused
from support.server import RunningServer
from support.users import user, write_users
from support.waiting import until
from support.wire import HELLO, Client

from everstore import limits

pytestmark = pytest.mark.slow

NOT_ALLOWED = 16
SECRETS = {"ada": "ada-s3cret", "bob": "bob-s3cret", "carl": "carl-s3cret", "dora": "dora-s3cret"}
ADA = user("ada", SECRETS["ada"])
BOB = user("bob", SECRETS["bob"], reads_only=True)
CARL = user("carl", SECRETS["carl"], "/orders/", "/a/b/")
DORA = user("dora", SECRETS["dora"], "/orders/", reads_only=True)
EVERYBODY = (ADA, BOB, CARL, DORA)


def logged_in(server: RunningServer, name: str) -> Client:
    return Client(server.port, name.encode(), SECRETS[name].encode())


def verifier_pid(server: RunningServer) -> int:
    with logged_in(server, "ada") as ada:
        status = ada.ask(frames.status()).body
    return next(pid for pid in server.worker_pids() if f'"pid":{pid},' not in status.decode())


def reload(server: RunningServer, log: str) -> None:
    count = server.log().count(log)
    os.kill(server.pid, signal.SIGHUP)
    until(lambda: server.log().count(log) > count, log)


@pytest.fixture(scope="module")
def everybodys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server whose file stays as it is, with some journals."""
    folder = tmp_path_factory.mktemp("users")
    path = write_users(folder / "users.json", *EVERYBODY)
    with RunningServer(folder / "journals", users=path) as server:
        with logged_in(server, "ada") as ada:
            for name in (b"/orders", b"/orders/1", b"/orders/2/3", b"/orders2", b"/a/b/c", b"/a/c", b"/z"):
                ada.append(name, b"t 1")
        yield server
        assert not any(secret in server.log() for secret in SECRETS.values())


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[RunningServer, Path]]:
    """A server whose file the test may change."""
    path = write_users(tmp_path / "users.json", *EVERYBODY)
    with RunningServer(tmp_path / "journals", users=path) as server:
        yield server, path
        assert not any(secret in server.log() for secret in SECRETS.values())


def test_every_user_gets_in_with_its_own_password_and_nobody_else_does(everybodys: RunningServer) -> None:
    for name in SECRETS:
        with logged_in(everybodys, name) as client:
            assert client.ask(frames.status()).kind == frames.STATUS
    wrong = [("ada", "bob-s3cret"), ("admin", "passwd"), ("ad", "a" * 10), ("", ""), ("ada\0", "ada-s3cret")]
    for name, password in wrong:
        with Client(everybodys.port, name.encode(), password.encode()) as client:
            assert client.receive().code == 2
            assert client.until_closed() == b""
    failed = "login failed: wrong user or password"
    until(lambda: everybodys.log().count(failed) == len(wrong), "each is logged")


def test_a_login_and_requests_in_one_packet_are_answered_in_order(everybodys: RunningServer) -> None:
    with Client(everybodys.port, login=False) as client:
        assert client.receive_exactly(3) == HELLO
        login = frames.login(b"ada", SECRETS["ada"].encode())
        client.send(login + frames.exists(b"/z", uid=8) + login + frames.exists(b"/z", uid=9))
        assert [reply.uid for reply in client.receive_many(2)] == [8, 9]
        client.send(frames.login(b"bob", SECRETS["bob"].encode(), uid=10), frames.exists(b"/z", uid=11))
        assert client.receive().code == 2, "a connection is one user's"
        assert client.until_closed() == b""


def test_a_reader_reads_and_cannot_write(everybodys: RunningServer) -> None:
    with logged_in(everybodys, "bob") as bob:
        assert bob.events(b"/z") == [b"t 1"]
        on = bob.open(b"/z")
        with pytest.raises(Refused) as refused:
            bob.commit(on, b"t 2", types=b"t")
        assert refused.value.code == NOT_ALLOWED
        assert bob.commit(on).succeeded, "nothing, which ends the transaction"
        assert bob.rollback(bob.open(b"/z")) == b"\1"
        assert bob.events(b"/z") == [b"t 1"]
        assert len(bob.list()[1]) == 7


def test_a_user_with_prefixes_touches_only_what_lies_below_them(everybodys: RunningServer) -> None:
    with logged_in(everybodys, "carl") as carl, logged_in(everybodys, "dora") as dora:
        before = carl.append(b"/orders/9", b"t 1")
        assert dora.open(b"/orders/9").size == before
        for name in (b"/orders", b"/orders2", b"/a/c", b"/a/b", b"/nothing/here"):
            requests = [
                frames.open_transaction(name, 1),
                frames.commit(name, 1, 1, b"t", b"t 1", 2),
                frames.rollback(name, 1, 1, 3),
                frames.read(name, 1, 0, 0, uid=4),
                frames.exists(name, 5),
            ]
            for client in (carl, dora):
                client.send(*requests)
                assert [(reply.uid, reply.code) for reply in client.receive_many(5)] == [
                    (uid, NOT_ALLOWED) for uid in range(1, 6)
                ]
        with pytest.raises(Refused) as refused:
            dora.append(b"/orders/9", b"t 2")
        assert refused.value.code == NOT_ALLOWED
        assert dora.open(b"/orders/9").size == before
        with pytest.raises(Refused) as invalid:
            carl.open(b"/orders/../z")
        assert invalid.value.code == 8, "a name that could mean another journal is none"


def test_a_listing_shows_only_what_the_user_may_touch(everybodys: RunningServer) -> None:
    with logged_in(everybodys, "dora") as dora, logged_in(everybodys, "carl") as carl:
        orders = [name for name in logged_names(everybodys) if name.startswith(b"/orders/")]
        for prefix in (b"", b"/", b"/orders", b"/orders/", b"/\n/orders/\n/z"):
            assert dora.list(prefix) == (False, orders)
        assert carl.list(b"") == (False, [b"/a/b/c", *orders])
        assert carl.list(b"", most=2) == (True, [b"/a/b/c", orders[0]])
        assert carl.list(b"", after=orders[0])[1] == orders[1:]
        for prefix in (b"/z", b"/orders2", b"/orders2\n/z"):
            with pytest.raises(Refused) as refused:
                dora.list(prefix)
            assert refused.value.code == NOT_ALLOWED


def logged_names(server: RunningServer) -> list[bytes]:
    with logged_in(server, "ada") as ada:
        return ada.list()[1]


def test_a_first_question_about_any_name_costs_no_line_in_the_log_and_the_first_other_denial_does(
    everybodys: RunningServer,
) -> None:
    with logged_in(everybodys, "carl") as carl:
        port = carl.socket.getsockname()[1]
        assert carl.ask(frames.exists(b"/everstore")).code == NOT_ALLOWED
        assert f":{port})" not in everybodys.log()
        for _ in range(3):
            assert carl.ask(frames.open_transaction(b"/z\x1b")).code == NOT_ALLOWED
        lines = [line for line in everybodys.log().splitlines() if f":{port})" in line]
    assert len(lines) == 1
    assert r"a request was refused: the user may not touch /z\x1b" in lines[0]


def test_verifying_holds_up_nobody_who_is_in_or_was_in(own: tuple[RunningServer, Path]) -> None:
    server, _ = own
    verifier = verifier_pid(server)
    with logged_in(server, "ada") as ada, Client(server.port, login=False) as bob:
        assert not ada.exists(b"/a")
        os.kill(verifier, signal.SIGSTOP)
        bob.send(frames.login(b"bob", SECRETS["bob"].encode()), frames.exists(b"/a", uid=7))
        bob.receive_exactly(3)
        ada.append(b"/a", b"t 1")
        with logged_in(server, "ada") as again:
            assert again.exists(b"/a"), "a pair that was verified once needs no verifier"
        assert select.select([bob.socket], [], [], 0)[0] == []
        os.kill(verifier, signal.SIGCONT)
        assert bob.receive().uid == 7


def test_more_logins_than_can_be_verified_are_closed_without_an_answer(own: tuple[RunningServer, Path]) -> None:
    server, _ = own
    verifier = verifier_pid(server)
    os.kill(verifier, signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        # Each from an address of its own, since those of one address follow each other.
        for number in range(limits.LOGINS_QUEUED_MAX + 2):
            come_from = (f"127.0.1.{number + 1}", 0)
            each = socket.create_connection(("127.0.0.1", server.port), 20, source_address=come_from)
            stack.callback(each.close)
            each.sendall(frames.login(b"bob", b"wrong"))
            # The last of them finds one being verified, and so many waiting.
        until(lambda: "logins wait to be verified, the limit" in server.log(), "one is closed")
        assert server.log().count("could not be verified") == 1
        os.kill(verifier, signal.SIGCONT)
        # Until then there is no more room than there was for the last of them.
        until(lambda: "login failed: wrong user or password" in server.log(), "the verifier goes on")
        with logged_in(server, "carl") as carl:
            assert not carl.exists(b"/orders/1")


def test_a_verifier_that_is_killed_is_replaced(own: tuple[RunningServer, Path]) -> None:
    server, _ = own
    verifier = verifier_pid(server)
    os.kill(verifier, signal.SIGSTOP)
    with Client(server.port, b"bob", SECRETS["bob"].encode()) as bob:
        os.kill(verifier, signal.SIGKILL)
        bob.until_closed()
    until(lambda: "the process that verifies logins has died" in server.log(), "it is noticed")
    with logged_in(server, "carl") as carl:
        assert not carl.exists(b"/orders/1")


def test_wrong_logins_of_one_address_are_slowed_down_and_others_are_not(own: tuple[RunningServer, Path]) -> None:
    server, _ = own
    with contextlib.ExitStack() as stack:
        guessing = [stack.enter_context(Client(server.port, b"ada", b"guess")) for _ in range(12)]
        elsewhere = socket.create_connection(("127.0.0.1", server.port), 20, source_address=("127.0.2.1", 0))
        with elsewhere, elsewhere.makefile("rb") as answers:
            elsewhere.sendall(frames.login(b"carl", SECRETS["carl"].encode()) + frames.exists(b"/orders/1"))
            assert answers.read(3 + 20)[3:7] == b"\x08\0\0\0"
        decided = select.select([each.socket for each in guessing], [], [], 0)[0]
        assert len(decided) < len(guessing), "pauses of 0.1, 0.2, 0.4 seconds and so on are still to come"


def test_on_sighup_users_come_and_go_and_rights_change(own: tuple[RunningServer, Path]) -> None:
    server, path = own
    with contextlib.ExitStack() as stack:
        ada, bob, carl, dora = (stack.enter_context(logged_in(server, name)) for name in SECRETS)
        carl.append(b"/orders/1", b"t 1")
        assert not ada.exists(b"/x")
        assert bob.exists(b"/orders/1")
        assert dora.exists(b"/orders/1")
        changed = user("dora", "another-s3cret", "/orders/", reads_only=True)
        eve = user("eve", "eve-s3cret")
        write_users(path, ADA, CARL, changed, eve)
        reload(server, "users read from")
        assert bob.until_closed() == b"", "bob was removed"
        assert dora.until_closed() == b"", "dora has another password"
        assert ada.append(b"/x", b"t 1")
        assert carl.append(b"/orders/1", b"t 2")
        stack.enter_context(Client(server.port, b"eve", b"eve-s3cret")).append(b"/y", b"t 1")
        with logged_in(server, "bob") as former:
            assert former.receive().code == 2
        write_users(path, ADA, type(CARL)("carl", "read-only", ("/x/",), CARL.kept))
        reload(server, "users read from")
        assert carl.ask(frames.open_transaction(b"/orders/1")).code == NOT_ALLOWED, "on the same connection"
        assert carl.list(b"/x/") == (False, [])
    log = server.log()
    assert "closed: its user is gone" in log
    assert "closed: its user has another password now" in log
    assert "another-s3cret" not in log


def test_a_file_that_is_broken_changes_nothing(own: tuple[RunningServer, Path]) -> None:
    server, path = own
    with logged_in(server, "bob") as bob:
        path.write_text('{"bob-s3cret')
        reload(server, "SIGHUP: the users stay as they were: --users: ")
        assert not bob.exists(b"/a")
        with logged_in(server, "carl") as carl:
            assert not carl.exists(b"/orders/1")


def test_answers_under_way_reach_a_user_that_is_removed(own: tuple[RunningServer, Path]) -> None:
    server, path = own
    with logged_in(server, "ada") as ada:
        on = ada.open(b"/a")
        workers = [pid for pid in server.worker_pids() if pid != verifier_pid(server)]
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        ada.send(frames.commit(b"/a", on.worker, on.transaction, b"t", b"t 1", uid=7))
        ada.send(frames.status(uid=8))
        assert ada.receive().uid == 8, "the commit before it is with the worker"
        write_users(path, BOB)
        reload(server, "1 connections of former ones end")
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        assert ada.receive().uid == 7
        assert ada.until_closed() == b""
    with logged_in(server, "bob") as bob:
        assert bob.events(b"/a") == [b"t 1"]


@pytest.mark.parametrize("content", [None, "{}"])
def test_without_a_file_that_can_be_used_the_server_does_not_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "users.json"
    if content:
        path.write_text(content)
    command = RunningServer(tmp_path / "journals", users=path).command()
    refused = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert f"everstore-server: --users: {path}" in refused.stderr
