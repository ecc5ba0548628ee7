from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.command import environment, everstore
from support.server import RunningServer

LINE = b'2015-07-27T15:59:49.706 settings.Updated {"mail":"a@example.com"}'
LATER = LINE.replace(b"49.706", b"50.001")
SOUND = LINE + b"\n" + LATER + b"\0"


def written(directory: Path, data: bytes, name: str = "user/1.log") -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_a_sound_directory_is_said_to_be_sound(directory: Path) -> None:
    written(directory, SOUND)
    verified = everstore("verify", directory)
    assert (verified.returncode, verified.stdout) == (0, f"1 journals, 2 events, {len(SOUND)} bytes: sound\n")


@pytest.mark.parametrize(
    ("data", "at", "what"),
    [
        (SOUND[:-1], len(SOUND) - 1, "the end marker (a NUL) is missing"),
        (SOUND.replace(b"\n", b"\0"), len(LINE), "a NUL that is not the last byte"),
        (LINE + b"\nX" + LATER[1:] + b"\0", len(LINE) + 1, "a line that does not begin with a timestamp"),
        (LATER + b"\n" + LINE + b"\0", len(LINE) + 1, "a timestamp before an earlier line's"),
        (LINE + b"\n\n" + LATER + b"\0", len(LINE) + 1, "an empty line"),
        (LINE[:24] + b"\0", 0, "a line without an event"),
        (LINE[:20], 0, "a line that does not begin with a timestamp"),
    ],
)
def test_each_fault_is_named_with_its_byte(directory: Path, data: bytes, at: int, what: str) -> None:
    written(directory, data)
    verified = everstore("verify", directory)
    assert verified.returncode == 1
    assert f"/user/1: byte {at}: {what}" in verified.stdout
    assert verified.stdout.endswith(": 1 journals and 0 commit logs damaged\n")


def test_a_flipped_bit_in_any_timestamp_byte_is_found(directory: Path) -> None:
    for position in range(24):
        written(
            directory, SOUND[:position] + bytes([SOUND[position] ^ 0x80]) + SOUND[position + 1 :], f"{position}/1.log"
        )
    assert everstore("verify", directory).stdout.count("byte 0: a line that does not begin") == 24


def test_nothing_is_written_and_nothing_made(directory: Path) -> None:
    path = written(directory, SOUND[:-1])
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(directory.rglob("*")))
    everstore("verify", directory)
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(directory.rglob("*"))) == before


def test_files_that_are_no_journals_are_noted(directory: Path) -> None:
    written(directory, b"hello", "notes.txt")
    verified = everstore("verify", directory)
    assert (verified.returncode, verified.stdout.splitlines()[0]) == (0, "note: notes.txt is no journal")


def test_a_directory_that_is_not_there_is_said(directory: Path) -> None:
    assert "is not a directory" in everstore("verify", directory / "nowhere").stderr


def test_a_directory_in_use_is_refused_and_its_server_named(server: RunningServer) -> None:
    for command in ("verify", "repair"):
        refused = everstore(command, server.journals)
        assert refused.returncode == 1
        assert f"is in use by the server with process id {server.pid}" in refused.stderr


def test_journals_that_wait_for_the_commit_log_are_noted_not_judged(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals") as server:
        everstore("append", "/waits", stdin="a 1\n", port=server.port)
        server.crash()
        (server.journals / "waits.log").write_bytes(b"")
        verified = everstore("verify", server.journals)
        assert verified.returncode == 0
        assert "1 batches wait to be written onto 1 journals" in verified.stdout


def test_a_damaged_commit_log_is_found(tmp_path: Path) -> None:
    with RunningServer(tmp_path / "journals", workers=1) as server:
        for number in range(3):
            everstore("append", "/log", stdin=f"a {number}\n", port=server.port)
        server.crash()
        log = server.journals / ".everstore/worker-1.commits"
        data = bytearray(log.read_bytes())
        data[512 + 40] ^= 1
        log.write_bytes(data)
        verified = everstore("verify", server.journals)
    assert verified.returncode == 1
    assert ".everstore/worker-1.commits: bytes 512 to 1023: not the record of batch 0" in verified.stdout
    assert verified.stdout.endswith(": 0 journals and 1 commit logs damaged\n")


def test_at_most_ten_faults_of_one_journal_are_shown(directory: Path) -> None:
    written(directory, b"x\n" * 11 + SOUND)
    shown = everstore("verify", directory).stdout.splitlines()
    assert (shown[9:11], len(shown)) == (
        ["/user/1: byte 18: a line that does not begin with a timestamp and a space: b'x'", "/user/1: and more"],
        12,
    )


def test_a_journal_that_the_server_noted_as_damaged_is_said(directory: Path) -> None:
    written(directory, b"/user/1\tthe file has 7 bytes, though 9 were acknowledged\n", ".everstore/damaged")
    written(directory, SOUND)
    verified = everstore("verify", directory)
    assert verified.returncode == 1
    assert "/user/1: the file has 7 bytes, though 9 were acknowledged\n" in verified.stdout


def test_what_is_no_regular_file_is_noted_and_not_opened(directory: Path) -> None:
    os.mkfifo(directory / "pipe.log")
    (directory / "link.log").symlink_to(directory / "elsewhere")
    (directory / "folder").symlink_to(directory)
    verified = everstore("verify", directory)
    assert verified.returncode == 0
    assert verified.stdout.splitlines()[:3] == [
        f"note: {name} is no journal" for name in ("folder", "link.log", "pipe.log")
    ]


def test_what_cannot_be_read_is_one_line_and_not_called_sound(directory: Path) -> None:
    (directory / ".everstore/damaged").mkdir(parents=True)
    refused = everstore("verify", directory)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == f"everstore: Is a directory: {directory}/.everstore/damaged\n"


@pytest.mark.parametrize("command", [["verify"], ["repair", "--dry-run"]])
def test_nothing_is_opened_for_writing(tmp_path: Path, command: list[str]) -> None:
    with RunningServer(tmp_path / "journals") as server:
        everstore("append", "/waits", stdin="a 1\n", port=server.port)
        server.crash()
        written(server.journals, SOUND[:-1])
        looked = read_only(*command, server.journals)
    assert looked.stderr == b""
    assert b"byte 131: the end marker" in looked.stdout or b"bytes would be cut off" in looked.stdout


def read_only(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run a command in a process that fails at the first file that it would open for writing, make or remove."""
    program = Path(__file__).parents[1] / "support/read_only.py"
    return subprocess.run(
        [sys.executable, program, *map(str, arguments)], capture_output=True, env=environment(1), check=False
    )
