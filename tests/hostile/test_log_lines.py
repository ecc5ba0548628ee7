"""What a client sends never reaches a terminal through the log: every line is printable and is one record, and no line
holds a password.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import figures, frames
from support.server import RunningServer
from support.waiting import until
from support.wire import Client

RECORD = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) ")
SECRET = "s3cret-of-the-operator"
GUESS = b"gu3ss-of-a-client"
NASTY = [
    b"\x1b[31m", b"\x1b]0;title\x07", b"\r\n2026-01-01T00:00:00.000Z ERROR forged", b"\x00", b"\x7f", b"\x08\x08",
    "\u202e".encode(), "\u2028".encode(), "\x85".encode(), b"\xff\xfe", "\ud800".encode("utf-8", "surrogatepass"),
    b"%s%n", b"{0}", b"\\x1b", "\U000e0001".encode(), b"\t",
]  # fmt: skip


FORGED = "a\u202e\u2028b\u200e"
"""A part of a valid name, though a terminal would be led astray by it."""


def nasty(source: random.Random) -> bytes:
    return b"/".join(source.choice(NASTY) + b"a" * source.randrange(4) for _ in range(source.randrange(1, 5)))


def requests(source: random.Random, uid: int) -> bytes:
    """One that carries nasty bytes wherever a client may put some."""
    name, types, events = (nasty(source) for _ in range(3))
    name = source.choice([name, b"/" + name, b"/a/" + name, b"/log"])
    worker = source.choice([0, 1, 2, 0x1B5B324A])
    return source.choice(
        [
            frames.open_transaction(name, uid),
            frames.commit(name, worker, uid, types, events, uid),
            frames.rollback(name, worker, uid, uid),
            frames.read(name, worker, source.randrange(9), 0xFFFFFFFF, 0, uid),
            frames.exists(name, uid),
            frames.list_journals(name, types, 10, uid),
            frames.frame(frames.COMMIT, uid, nasty(source), worker=worker),
            frames.frame(source.choice([0, 2, 9, 0x1B]), uid, nasty(source)),
        ]
    )


def test_what_the_system_says_of_a_name_is_printable_too() -> None:
    said = "creating a\u202e\x1b[31m.log: no room"
    code = f"from everstore import log; log.configure('info', 'text'); log.error({said!r})"
    line = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    assert "no room" in line
    assert line.removesuffix("\n").isprintable()


@pytest.mark.figures
@pytest.mark.parametrize("form", ["text", "json"])
def test_no_byte_of_a_client_breaks_a_line_or_reaches_a_terminal(tmp_path: Path, form: str) -> None:
    goal = figures.goal(f"requests with control characters, log as {form}", every_run=1_500, campaign=100_000)
    seed = figures.seed()
    source = random.Random(seed)
    journals = tmp_path / "journals"
    journals.mkdir()
    (journals / f"{FORGED}.log").write_bytes(b"no journal \x1b[31m at all\0")
    env = {**os.environ, "EVERSTORE_PASSWORD": SECRET}
    with RunningServer(
        journals, env=env, workers=2, log_level="debug", log_format=form, transaction_lifetime=0.1
    ) as server:
        for round_ in range(0, goal.count, 100):
            with contextlib.suppress(AssertionError, OSError), Client(server.port, b"admin", GUESS) as stranger:
                stranger.until_closed()
            with (
                contextlib.suppress(AssertionError, OSError),
                Client(server.port, nasty(source)[:32], GUESS) as stranger,
            ):
                stranger.send(nasty(source))
                stranger.until_closed()
            with Client(server.port, b"admin", SECRET.encode()) as client:
                on = client.open(b"/types")
                client.ask(frames.commit(on.name, on.worker, on.transaction, nasty(source), b"t 1"))
                client.send(*[requests(source, round_ + number) for number in range(100)])
                client.receive_many(100)
        with Client(server.port, b"admin", SECRET.encode()) as client:
            client.open(b"/" + FORGED.encode())
            client.open(b"/idle/" + FORGED.encode())
            until(lambda: "idled" in server.log(), "their transactions are said to have ended")
        until(lambda: "damaged" in server.log(), "it is logged")
        until(lambda: server.log().count("disconnected") >= goal.count // 100 * 3, "all is logged")
        log = server.log()
        assert len(server.worker_pids()) == 2
    lines = log.removesuffix("\n").split("\n")
    wrong = [line for line in lines if not line.isprintable() or not _is_record(line, form)]
    assert not wrong, f"seed {seed}: {wrong[:3]}"
    assert SECRET not in log
    assert GUESS.decode() not in log
    goal.reached(goal.count, wrong=0, detail=f"{len(lines)} lines")


def _is_record(line: str, form: str) -> bool:
    if form == "text":
        return bool(RECORD.match(line))
    texts = [value for value in json.loads(line).values() if isinstance(value, str)]
    return all(text.isprintable() for text in texts)
