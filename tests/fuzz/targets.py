"""What is fuzzed: each target takes any bytes, and fails when what it holds of them is not true.

A target knows its typed errors; every other exception that leaves the product leaves the target, and is a crash.
"""

from __future__ import annotations

import os
import posixpath
import tempfile
from collections.abc import Callable
from struct import pack

from fuzz.replaying import replay
from support.records import whole_record

from everstore import limits
from everstore.config import sources
from everstore.config.load import load
from everstore.errors import ConfigError, Refused
from everstore.journal.inspection import faults
from everstore.journal.names import fault_of, name_of, path_of
from everstore.journal.recovery import Verdict, judge
from everstore.storage.records import SECTOR_BYTES, Entry, Header, decode
from everstore.wire import requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import HEADER, Type
from everstore.wire.session import Credentials, Session, State

REQUEST_BYTES_MAX = 200
LOGIN = HEADER.pack(Type.AUTHENTICATE, 10, 1, 0, 0) + pack("<2I", 1, 1) + b"ab"


def session(data: bytes) -> None:
    """A stream means the same whole and byte by byte, with a login that is known at once and one that is asked."""
    stream = LOGIN + data[1:] if data[:1] >= b"\x80" else data[1:]
    credentials = Credentials(b"a", b"b")
    for given in (credentials, None):
        whole = _told(given, [stream])
        assert whole == _told(given, [stream[at : at + 1] for at in range(len(stream))])
        assert all(len(frame[5]) == frame[1] <= max(REQUEST_BYTES_MAX, 8) for frame in whole[0])


def _told(credentials: Credentials | None, pieces: list[bytes]) -> tuple[list[Frame], list[bytes], State, str]:
    """What a session makes of a stream: requests, replies, its end."""
    heard = Session(credentials, REQUEST_BYTES_MAX)
    routed: list[Frame] = []
    for piece in pieces:
        if heard.state is State.CLOSED:
            break
        routed += heard.receive(piece)
        while heard.state is State.VERIFYING:
            routed += heard.decide(Credentials(b"a", b"b") if heard.login == (b"a", b"b") else None)
    return routed, heard.replies, heard.state, heard.why


def _commit_again(body: bytes) -> bytes:
    name, transaction, types, events_at = requests.commit(body)
    events = body[events_at:]
    return pack("<4I", len(name), len(types), len(events), transaction) + name + types + events


def _read_again(body: bytes) -> bytes:
    name, offset, size = requests.read(body)
    return pack("<3I", len(name), offset, size) + name


def _rollback_again(body: bytes) -> bytes:
    name, transaction = requests.rollback(body)
    return pack("<2I", len(name), transaction) + name


def _name_again(body: bytes) -> bytes:
    name = requests.name_only(body)
    return pack("<I", len(name)) + name


def _login_again(body: bytes) -> bytes:
    user, password = requests.login(body)
    return pack("<2I", len(user), len(password)) + user + password


_AGAIN: tuple[tuple[Type, Callable[[bytes], bytes]], ...] = (
    (Type.COMMIT, _commit_again),
    (Type.READ, _read_again),
    (Type.ROLLBACK, _rollback_again),
    (Type.EXISTS, _name_again),
    (Type.AUTHENTICATE, _login_again),
    (Type.LIST, lambda body: requests.listing_body(*requests.listing(body))),
)


def request(data: bytes) -> None:
    """A body that is decoded is the one that its fields encode; with a byte more or less it is malformed."""
    kind, again = _AGAIN[data[0] % len(_AGAIN)] if data else _AGAIN[0]
    body = data[1:]
    try:
        assert again(body) == body
    except requests.Malformed:
        return
    for other in (body + b"\0", body[:-1]):
        try:
            again(other)
        except requests.Malformed:
            continue
        raise AssertionError(f"{kind.name} takes {other!r} and {body!r}")
    if requests.routed_by_name(kind):
        assert requests.name_for_routing(kind, body) in body


def _repaired(data: bytes, verdict: Verdict) -> bytes:
    """What repair writes."""
    kept = bytearray(data[: verdict.keep])
    for at in verdict.turn:
        kept[at : at + 1] = b"\n"
    return bytes(kept)


def journal(data: bytes) -> None:
    """Repair gives a sound journal and never lengthens one; faults lie within it, in the order of its bytes."""
    verdict = judge(data)
    after = _repaired(data, verdict)
    assert after.find(b"\0") == len(after) - 1  # Not only by its own judgement; -1 for an empty one.
    assert judge(after) == Verdict(len(after), (), "")
    assert all(data[at] == 0 for at in verdict.turn)
    at = [fault.at for fault in faults(data)]
    assert at == sorted(at)
    assert all(0 <= each <= len(data) for each in at)
    if data and not at:
        assert verdict == Verdict(len(data), (), "")


def commit_log(data: bytes) -> None:
    """A byte changed anywhere in a log is found, changes nothing, or ends it before its last record."""
    decode(data)
    batches = _batches(data[4:])
    header = Header(7, 1, True, False, b"b" * 36).encode().ljust(SECTOR_BYTES, b"\0")
    log = header + b"".join(whole_record(7, at, batch) for at, batch in enumerate(batches))
    assert decode(log).batches == batches
    at, change = int.from_bytes(data[:3], "little") % len(log), data[3] if len(data) > 3 else 0
    changed = decode(log[:at] + bytes([log[at] ^ change]) + log[at + 1 :])
    assert changed.batches == batches[: len(changed.batches)]
    assert changed.damage or len(changed.batches) >= len(batches) - 1
    cut = decode(log[:at])
    assert cut.batches == batches[: len(cut.batches)]
    assert decode(log + bytes(SECTOR_BYTES)).batches == batches


def _batches(data: bytes) -> list[list[Entry]]:
    """Up to eight batches of up to three entries each, as the bytes say."""
    batches: list[list[Entry]] = []
    while data and len(batches) < 8:
        entries = []
        for _ in range(data[0] % 4):
            size = data[1] * 4 if len(data) > 1 else 0
            entries.append(Entry(data[0] & 1, data[2:5], size, data[5 : 5 + size]))
            data = data[5 + size :] or b"\0"
        batches.append(entries)
        data = data[1:]
    return batches


_FOLDER = tempfile.TemporaryDirectory(prefix="fuzz-")


def _file(name: str, data: bytes) -> str:
    path = os.path.join(_FOLDER.name, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def config(data: bytes) -> None:
    """A configuration file, TOML or the original's, gives settings within their bounds, or a ConfigError."""
    path = _file("c.conf" if data[:1] >= b"\x80" else "c.toml", data[1:])
    try:
        texts = sources.file(path).texts
        # No host is looked up and no other file is read.
        options = {name: text for name, (_, text) in texts.items() if name not in ("host", "password-file")}
        settings = load({**options, "host": "127.0.0.1"}, {}, None)
    except ConfigError:
        return
    assert 0 <= settings.port < 65536
    assert 1 <= settings.max_connections <= 100_000
    assert 1024 <= settings.max_request <= 2**30
    assert settings.default_password == (not settings.users and settings.password == "passwd")


def password(data: bytes) -> None:
    """The first line of a file is a password of 1 to 32 bytes, or a ConfigError."""
    try:
        settings = load({"host": "127.0.0.1", "password-file": _file("password", data)}, {}, None)
    except ConfigError:
        return
    assert 1 <= len(settings.password.encode()) <= limits.CREDENTIAL_BYTES_MAX
    assert data.startswith(settings.password.encode())


def name(data: bytes) -> None:
    """A valid name has one path, below the directory, and is found again by it; a path is one name's, or nobody's."""
    try:
        path = path_of(data)
    except Refused:
        assert fault_of(data)
    else:
        assert not fault_of(data)
        assert posixpath.normpath(path) == path
        assert not path.startswith(("/", "../", ".everstore/"))
        assert name_of(path) == data
    text = data.decode(errors="surrogateescape")
    found = name_of(text)
    assert found is None or path_of(found) == text


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (session, request, journal, commit_log, replay, config, password, name)
}
