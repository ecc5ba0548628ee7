"""TLS, with real clients: Python's ssl, openssl's s_client, the Python adapter in both forms, and the commands."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import everstore_client
import pytest
from support import frames
from support.certificates import Authority, Issued
from support.command import everstore
from support.server import RunningServer
from support.users import user, write_users
from support.waiting import until
from support.wire import HELLO, Client

pytestmark = pytest.mark.slow

SECRET = "tls-s3cret"
LARGE = b"t " + b"x" * 1_000_000


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def issued(authority: Authority) -> Issued:
    return authority.issue()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, issued: Issued) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("tls")
    users = write_users(folder / "users.json", user("ada", SECRET))
    with RunningServer(
        folder / "journals", users=users, tls_certificate=issued.certificate, tls_key=issued.key, log_level="debug"
    ) as running:
        yield running
        assert SECRET not in running.log()
        assert "bug" not in running.log()
        assert not running.log().count("Traceback")


@pytest.fixture
def context(authority: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.ca))


@pytest.fixture
def connect(server: RunningServer, context: ssl.SSLContext) -> Callable[[], Client]:
    return lambda: Client(server.port, b"ada", SECRET.encode(), tls=context)


@pytest.fixture
def url(server: RunningServer, authority: Authority) -> str:
    return f"everstores://ada:{SECRET}@localhost:{server.port}?ca={authority.ca}&timeout=20"


def only(version: ssl.TLSVersion, context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_serve_everything(
    server: RunningServer, context: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    name = b"/" + version.name.encode()
    with Client(server.port, b"ada", SECRET.encode(), tls=only(version, context)) as client:
        assert client.socket.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
        client.append(name, LARGE)
        client.append(name, b"t 2")
        assert client.events(name) == [LARGE, b"t 2"]
        assert name in client.list()[1]


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_older_versions_are_refused(server: RunningServer, context: ssl.SSLContext) -> None:
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        Client(server.port, login=False, tls=only(ssl.TLSVersion.TLSv1_1, context))


def test_a_wrong_password_is_told_and_the_end_is_a_goodbye(server: RunningServer, context: ssl.SSLContext) -> None:
    with Client(server.port, b"ada", b"wrong", tls=context) as client:
        client.socket.suppress_ragged_eofs = False
        assert client.receive().code == 2
        assert client.until_closed() == b""


def test_a_login_that_comes_with_the_end_of_the_handshake_is_heard(
    server: RunningServer, context: ssl.SSLContext
) -> None:
    """In one packet, so that nothing comes from the network behind the handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with socket.create_connection(("127.0.0.1", server.port), 20) as sock:
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                sock.sendall(outgoing.read())
                incoming.write(sock.recv(1 << 16))
        tls.write(frames.login(b"ada", SECRET.encode()) + frames.exists(b"/none", uid=5))
        sock.sendall(outgoing.read())
        answer = b""
        while len(answer) < 3 + 21:
            incoming.write(sock.recv(1 << 16))
            with contextlib.suppress(ssl.SSLWantReadError):
                while record := tls.read(1 << 16):
                    answer += record
        assert answer == HELLO + struct.pack("<5I", 8, 1, 5, 0, answer[19]) + b"\0"


def test_records_cut_anywhere_are_joined(server: RunningServer) -> None:
    """Through a relay that passes on what the client sends in small pieces."""
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(("127.0.0.1", server.port)) as there,
    ):
        relay = subprocess.Popen(
            ["python3", "-c", _RELAY, str(listener.fileno()), str(there.fileno())],
            pass_fds=(listener.fileno(), there.fileno()),
        )
        context = ssl._create_unverified_context()  # noqa: SLF001 - a relay is no server
        with Client(listener.getsockname()[1], b"ada", SECRET.encode(), tls=context) as client:
            client.append(b"/cut", b"t " + b"y" * 3000)
            assert client.events(b"/cut") == [b"t " + b"y" * 3000]
        relay.terminate()
        relay.wait()


_RELAY = """
import select, socket, sys
listener, there = (socket.socket(fileno=int(each)) for each in sys.argv[1:])
here, _ = listener.accept()
there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
while True:
    for each in select.select([here, there], [], [])[0]:
        data = each.recv(65536)
        if not data:
            sys.exit()
        for at in range(0, len(data), 7 if each is here else len(data)):
            (there if each is here else here).sendall(data[at:at + 7] if each is here else data)
"""


def test_who_reads_slowly_gets_all_and_who_is_beside_is_served(connect: Callable[[], Client]) -> None:
    with connect() as client, connect() as other:
        client.append(b"/slow", *[LARGE] * 6)
        on = client.open(b"/slow")
        for uid in range(3):
            client.send(frames.read(b"/slow", on.worker, 0, on.size, uid=uid))
        assert not other.exists(b"/beside"), "while 18 MB wait for one that does not read"
        received = {0: 0, 1: 0, 2: 0}
        while min(received.values()) < 6 * len(LARGE) + 5:
            part = client.receive()
            received[part.uid] += len(part.body) - 4
        assert set(received.values()) == {6 * len(LARGE) + 5}


def test_a_client_that_says_goodbye_gets_its_answers_first(connect: Callable[[], Client]) -> None:
    """Half-closed: TLS's goodbye in the same packet as requests, on a connection that stays open for the answers."""
    with connect() as client:
        assert not client.exists(b"/none")
        sock = client.socket
        assert isinstance(sock, ssl.SSLSocket)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        client.send(*[frames.exists(b"/none", uid=uid) for uid in range(50)])
        sock.setblocking(False)
        with pytest.raises(ssl.SSLWantReadError):
            sock._sslobj.shutdown()  # noqa: SLF001 - ssl.SSLSocket.unwrap gives up the encryption of what is received
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
        sock.settimeout(20)
        received = b""
        while len(received) < 50 * 21:
            received += sock.recv(1 << 16)
        assert sorted(received[at + 8] for at in range(0, 50 * 21, 21)) == list(range(50))
        with pytest.raises(ssl.SSLZeroReturnError):  # Its goodbye, as seen by one who has said its own.
            sock.recv(1)


def test_an_end_without_a_goodbye_is_an_end(connect: Callable[[], Client]) -> None:
    with connect() as client:
        on = client.open(b"/ragged")
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        client.send(frames.commit(b"/ragged", on.worker, on.transaction, b"t", b"t 1", uid=9))
        raw.shutdown(socket.SHUT_WR)
        assert client.receive().uid == 9
        assert client.until_closed() == b""
        raw.close()


GARBAGE = {
    "text": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "the plain protocol": frames.login(),
    "zeros": bytes(5000),
    "an enormous record": b"\x16\x03\x01\xff\xff" + bytes(70_000),
    "an enormous hello": b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16_380),
    "an alert": b"\x15\x03\x01\x00\x02\x02\x28",
    "data before the handshake": b"\x17\x03\x03\x00\x10" + bytes(16),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_what_is_no_handshake_is_closed_with_a_line(server: RunningServer, what: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 4) as stranger:
        port = stranger.getsockname()[1]
        stranger.sendall(GARBAGE[what])
        received = b""
        try:
            while data := stranger.recv(1 << 16):
                received += data
        except ConnectionResetError:
            pass
    assert not received or received[0] == 0x15, "nothing but an alert"
    closed = until(
        lambda: [line for line in server.log().splitlines() if f":{port})" in line and "closed" in line], "a line"
    )
    assert len(closed) == 1
    assert "WARNING closed: no TLS: " in closed[0]


def test_one_that_is_silent_or_slow_has_five_seconds_and_holds_up_nobody(
    server: RunningServer, connect: Callable[[], Client]
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 20) as stranger:
        stranger.sendall(b"\x16\x03\x01\x02\x00\x01")
        with connect() as client:
            assert not client.exists(b"/none")
        assert select.select([stranger], [], [], 0)[0] == []
        assert stranger.recv(100) == b""
    until(lambda: "closed: no login within 5 seconds" in server.log(), "it is logged")


def test_what_is_damaged_on_the_way_ends_the_connection(connect: Callable[[], Client]) -> None:
    with connect() as client:
        assert not client.exists(b"/none")
        raw = socket.socket(fileno=os.dup(client.socket.fileno()))
        raw.send(b"\x17\x03\x03\x00\x20" + bytes(32))
        raw.close()
        with pytest.raises((ssl.SSLError, ConnectionError, AssertionError)):
            client.receive()
    with connect() as client:
        assert not client.exists(b"/none"), "the others go on"


def test_openssls_client_is_served(server: RunningServer, authority: Authority) -> None:
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", str(authority.ca), "-quiet"]
    command += ["-verify_return_error", "-verify_hostname", "localhost"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.read(3) == HELLO
        process.stdin.write(frames.login(b"ada", SECRET.encode()) + frames.exists(b"/none", uid=5))
        process.stdin.flush()
        assert process.stdout.read(21)[:12] == struct.pack("<3I", 8, 1, 5)
        process.terminate()


def test_a_client_cannot_renegotiate(server: RunningServer, authority: Authority) -> None:
    """s_client asks for it at a line that is an R."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-CAfile", str(authority.ca)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = b""
        while HELLO not in said:
            said += process.stdout.read(1)
        process.stdin.write(b"R\n")
        said = process.stdout.read(1 << 16)
        while piece := process.stdout.read(1 << 16):
            said += piece
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said


def test_the_blocking_adapter_speaks_it(url: str) -> None:
    with everstore_client.connect(url) as db:
        db.append("/blocking", type="t", data="x" * 3_000_000)
        assert [len(event.data) for event in db.read("/blocking")] == [3_000_000]
        assert [len(event.data) for event in db.stream("/blocking")] == [3_000_000]
        with db.pipeline() as pipeline:
            for number in range(500):
                event = everstore_client.Event("t", {"number": number, "fill": "y" * 2000})
                pipeline.append(f"/pipelined/{number % 7}", event)
        assert len(list(db.journals("/pipelined/"))) == 7


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_async_adapter_speaks_it(url: str, backend: str) -> None:
    journal = f"/async/{backend}"

    async def use() -> None:
        async with everstore_client.connect_async(url) as db:
            async with anyio.create_task_group() as tasks:
                for number in range(100):
                    tasks.start_soon(append, db, number)
            found = [event async for event in db.stream(journal)]
            assert sorted(event.data["number"] for event in found) == list(range(100))

    async def append(db: everstore_client.AsyncClient[everstore_client.Event], number: int) -> None:
        await db.append(journal, type=f"t{number}", data={"number": number, "fill": "z" * 20_000})

    anyio.run(use, backend=backend)


def lost(url: str) -> list[str]:
    """Why each of the adapter's forms cannot connect there."""

    async def connect_async() -> None:
        async with everstore_client.connect_async(url):
            pass

    attempts = [
        lambda: everstore_client.connect(url),
        lambda: anyio.run(connect_async, backend="asyncio"),
        lambda: anyio.run(connect_async, backend="trio"),
    ]
    reasons = []
    for attempt in attempts:
        with pytest.raises(everstore_client.ConnectionLost) as refused:
            attempt()
        reasons.append(str(refused.value))
    return reasons


def test_the_adapter_refuses_a_certificate_that_nobody_vouches_for(server: RunningServer) -> None:
    for reason in lost(f"everstores://ada:{SECRET}@localhost:{server.port}"):
        assert "certificate verify failed" in reason
        assert SECRET not in reason


def test_the_adapter_refuses_a_certificate_for_another_host(tmp_path: Path, authority: Authority) -> None:
    other = authority.issue("other", "DNS:other.example")
    with RunningServer(tmp_path / "journals", tls_certificate=other.certificate, tls_key=other.key) as server:
        for host in ("localhost", "127.0.0.1"):
            for reason in lost(f"everstores://{host}:{server.port}?ca={authority.ca}"):
                assert "mismatch" in reason or "not valid for" in reason


def test_the_adapter_says_when_a_server_speaks_no_tls(tmp_path: Path, authority: Authority) -> None:
    with RunningServer(tmp_path / "journals") as plain:
        for reason in lost(f"everstores://localhost:{plain.port}?ca={authority.ca}&timeout=20"):
            assert "cannot connect" in reason


@pytest.mark.parametrize("file", ["/nowhere", "/dev/null"])
def test_a_ca_that_is_none_is_a_bad_url(file: str) -> None:
    with pytest.raises(everstore_client.BadUrl, match=file):
        everstore_client.connect(f"everstores://localhost:1?ca={file}")


def test_the_commands_take_the_same_url(url: str, server: RunningServer, authority: Authority) -> None:
    assert everstore("append", "/cli", "--url", url, stdin="a 1\n").returncode == 0
    bare = f"everstores://ada@localhost:{server.port}?ca={authority.ca}"
    shown = everstore("cat", "/cli", "--url", bare, EVERSTORE_PASSWORD=SECRET)
    assert (shown.returncode, shown.stdout) == (0, "a 1\n")
    refused = everstore("cat", "/cli", "--url", f"everstores://ada@localhost:{server.port}", EVERSTORE_PASSWORD=SECRET)
    assert (refused.returncode, refused.stderr.count("\n")) == (3, 1)
    assert SECRET not in refused.stderr


def served_certificate(server: RunningServer, authority: Authority) -> str:
    context = ssl.create_default_context(cafile=str(authority.ca))
    with Client(server.port, login=False, tls=context) as client:
        assert isinstance(client.socket, ssl.SSLSocket)
        return str(client.socket.getpeercert()["serialNumber"])  # type: ignore[index]


def test_on_sighup_new_connections_get_the_new_certificate_and_a_broken_one_changes_nothing(
    tmp_path: Path, authority: Authority
) -> None:
    certificate, key = tmp_path / "live.pem", tmp_path / "live.key"

    def install(issued: Issued) -> None:
        certificate.write_bytes(issued.certificate.read_bytes())
        key.write_bytes(issued.key.read_bytes())

    def reload(line: str) -> None:
        count = server.log().count(line)
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: server.log().count(line) > count, line)

    install(authority.issue("first"))
    with RunningServer(tmp_path / "journals", tls_certificate=certificate, tls_key=key) as server:
        first = served_certificate(server, authority)
        context = ssl.create_default_context(cafile=str(authority.ca))
        with Client(server.port, tls=context) as before:
            install(authority.issue("second"))
            reload("SIGHUP: the certificate was read from")
            second = served_certificate(server, authority)
            assert second != first
            assert not before.exists(b"/none"), "who was connected stays so"
            certificate.write_bytes(authority.issue("third").certificate.read_bytes())
            reload("SIGHUP: the certificate stays as it was")
            key.write_text("rubbish")
            reload("SIGHUP: the certificate stays as it was")
            key.unlink()
            reload("SIGHUP: the certificate stays as it was")
            assert served_certificate(server, authority) == second
            assert before.append(b"/a", b"t 1")


def started(tmp_path: Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = RunningServer(tmp_path / "journals", **options).command()
    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
    )


def test_without_files_that_can_be_used_the_server_does_not_start(tmp_path: Path, authority: Authority) -> None:
    good, other = authority.issue("good"), authority.issue("unfit")
    locked = tmp_path / "locked.key"
    encrypt = ["openssl", "pkey", "-in", str(good.key), "-aes128", "-passout", "pass:x", "-out", str(locked)]
    subprocess.run(encrypt, check=True, capture_output=True, timeout=30)
    for certificate, key in [
        (good.certificate, other.key),
        (good.certificate, locked),
        (good.key, good.key),
        (tmp_path / "none", good.key),
        (good.certificate, tmp_path / "none"),
    ]:
        refused = started(tmp_path, tls_certificate=certificate, tls_key=key)
        assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), refused.stderr
        assert "--tls-certificate, --tls-key: " in refused.stderr


def test_a_server_that_others_reach_without_tls_warns_that_passwords_travel_in_clear(
    tmp_path: Path, issued: Issued
) -> None:
    secret = tmp_path / "password"
    secret.write_text(SECRET)
    for options, warned in [
        ({"host": "0.0.0.0"}, True),
        ({"host": "127.0.0.1"}, False),
        ({"host": "0.0.0.0", "tls_certificate": issued.certificate, "tls_key": issued.key}, False),
    ]:
        with RunningServer(tmp_path / "journals", password_file=secret, **options) as server:
            assert ("in clear" in server.log()) is warned
            assert SECRET not in server.log()
