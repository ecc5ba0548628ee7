from __future__ import annotations

import re
import signal
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from support.command import command, environment, everstore
from support.server import RunningServer
from support.waiting import until

from everstore.cli.moments import moment

pytestmark = pytest.mark.slow

LINES = 'user.Created {"name":"pa"}\nuser.Renamed {"name":"Pär"}\n'


def test_what_is_appended_is_shown_by_cat_and_stands_in_the_file(server: RunningServer) -> None:
    assert everstore("append", "/a/1", stdin=LINES, port=server.port).stderr == "2 events committed to /a/1\n"
    assert everstore("cat", "/a/1", port=server.port).stdout == LINES
    stamped = everstore("cat", "/a/1", "--timestamps", port=server.port).stdout
    assert (server.journals / "a/1.log").read_bytes() == stamped.rstrip("\n").encode() + b"\0"
    assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3} user\.\w+ \{.*\}\n){2}", stamped)


def test_cat_shows_only_the_types_and_times_that_are_asked_for(server: RunningServer) -> None:
    everstore("append", "/a/2", stdin=LINES + "user.Left {}\n", port=server.port)
    chosen = everstore("cat", "/a/2", "--type", "user.Left", "--type", "user.Created", port=server.port).stdout
    assert chosen == 'user.Created {"name":"pa"}\nuser.Left {}\n'
    assert everstore("cat", "/a/2", "--since", "1h", port=server.port).stdout.count("\n") == 3
    assert everstore("cat", "/a/2", "--since", "2999-01-01", port=server.port).stdout == ""


def test_cat_shows_the_last_events(server: RunningServer) -> None:
    everstore("append", "/a/3", stdin=LINES + "user.Left {}\n", port=server.port)
    last = everstore("cat", "/a/3", "--last", "1", port=server.port).stdout
    assert last == "user.Left {}\n"
    assert everstore("cat", "/a/3", "-n1", "--type", "user.Renamed", port=server.port).stdout.count("user.Renamed") == 1
    assert everstore("cat", "/a/3", "-n0", port=server.port).stdout == ""
    both = everstore("cat", "/a/3", "--last", "1", "--since", "1h", port=server.port)
    assert both.returncode == 2
    assert "--last counts from the end" in both.stderr


@pytest.mark.parametrize("time", ["tomorrow", "99999999999d", "0001-01-01T00:00+05:00", "10", "-1d"])
def test_a_time_that_is_none_is_refused_with_examples(time: str) -> None:
    refused = everstore("cat", "/a/2", f"--since={time}")
    assert refused.returncode == 2
    assert f"{time!r} is no time; 2026-11-21" in refused.stderr


@pytest.mark.parametrize(
    ("given", "time"),
    [
        ("2026-11-21", datetime(2026, 11, 21, tzinfo=UTC)),
        ("2026-11-21T09:30+02:00", datetime(2026, 11, 21, 7, 30, tzinfo=UTC)),
        ("2026-11-21T09:30:01.5", datetime(2026, 11, 21, 9, 30, 1, 500_000, UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_time_is_what_people_mean(given: str, time: datetime) -> None:
    assert moment(given) == time


def test_a_journal_that_is_not_there_is_said(server: RunningServer) -> None:
    refused = everstore("cat", "/none", port=server.port)
    assert (refused.returncode, refused.stderr) == (1, "everstore: there is no journal /none\n")


def test_a_name_that_is_none_is_wrong_use(server: RunningServer) -> None:
    assert everstore("cat", "none", port=server.port).returncode == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("justatype", "line 2 is not a type, a space and JSON"),
        ("a {broken", "line 2: what stands behind the type is not JSON"),
        ("a NaN", "line 2: what stands behind the type is not JSON"),
        ("a,b {}", "line 2: the event type 'a,b' holds a space, a comma or a control character"),
        ("a\tb {}", "line 2: the event type 'a\\tb' holds a space, a comma or a control character"),
    ],
)
def test_a_line_that_is_no_event_is_named_and_nothing_is_written(server: RunningServer, line: str, reason: str) -> None:
    refused = everstore("append", "/bad", stdin=f"good {{}}\n{line}\n", port=server.port)
    assert refused.returncode == 1
    assert reason in refused.stderr
    assert everstore("cat", "/bad", port=server.port).returncode == 1


@pytest.mark.parametrize(
    ("line", "reason"),
    [(b"a \xff", "line 1 is not UTF-8: byte 2 of it is not"), (b"a \0", "line 1: the event 'a \\x00' holds a newline")],
)
def test_raw_lines_that_no_journal_can_hold_are_named(server: RunningServer, line: bytes, reason: str) -> None:
    refused = everstore("append", "/bad", "--raw", stdin=line, port=server.port)
    assert refused.returncode == 1
    assert reason in refused.stderr


def test_each_commits_the_lines_before_a_bad_one(server: RunningServer) -> None:
    refused = everstore("append", "/each", "--each", stdin="a 1\nb 2\nbad\n", port=server.port)
    assert refused.returncode == 1
    assert "2 events committed to /each" in refused.stderr
    assert everstore("cat", "/each", port=server.port).stdout == "a 1\nb 2\n"


def test_raw_takes_what_is_no_json(server: RunningServer) -> None:
    assert everstore("append", "/raw", "--raw", stdin="a not json\n", port=server.port).returncode == 0
    assert everstore("cat", "/raw", port=server.port).stdout == "a not json\n"


def test_new_refuses_a_journal_that_exists(server: RunningServer) -> None:
    assert everstore("append", "/new", "--new", stdin="a 1\n", port=server.port).returncode == 0
    refused = everstore("append", "/new", "--new", stdin="a 2\n", port=server.port)
    assert refused.returncode == 1
    assert "conflict on /new" in refused.stderr
    assert everstore("cat", "/new", port=server.port).stdout == "a 1\n"


def test_follow_shows_events_as_they_are_committed(server: RunningServer) -> None:
    shown: list[bytes] = []
    following = subprocess.Popen(
        command("cat", "/followed", "--follow"), stdout=subprocess.PIPE, env=environment(server.port)
    )
    assert following.stdout is not None
    try:
        for number in range(3):
            everstore("append", "/followed", stdin=f"a {number}\n", port=server.port)
            shown.append(following.stdout.readline())
    finally:
        following.send_signal(signal.SIGINT)
        code = following.wait()
        following.stdout.close()
    assert shown == [b"a 0\n", b"a 1\n", b"a 2\n"]
    assert code == 0, "an interrupt is how it is meant to end"


def test_follow_goes_on_from_the_last_events_with_those_of_the_types(server: RunningServer) -> None:
    everstore("append", "/tail", stdin="a 1\na 2\nb 3\n", port=server.port)
    following = subprocess.Popen(
        command("cat", "/tail", "-f", "-n1", "--type", "a"), stdout=subprocess.PIPE, env=environment(server.port)
    )
    assert following.stdout is not None
    shown = [following.stdout.readline()]
    everstore("append", "/tail", stdin="b 4\na 5\na 6\n", port=server.port)
    shown += [following.stdout.readline(), following.stdout.readline()]
    following.send_signal(signal.SIGINT)
    rest, _ = following.communicate()
    assert (shown, rest, following.returncode) == ([b"a 2\n", b"a 5\n", b"a 6\n"], b"", 0)


def test_follow_waits_for_a_time_that_is_to_come(server: RunningServer) -> None:
    everstore("append", "/later", stdin="a 1\na 2\n", port=server.port)
    begins = datetime.now(UTC) + timedelta(seconds=1.5)
    following = subprocess.Popen(
        command("cat", "/later", "-f", "--timestamps", "--since", begins.isoformat()),
        stdout=subprocess.PIPE,
        env=environment(server.port),
    )
    assert following.stdout is not None
    until(lambda: datetime.now(UTC) > begins + timedelta(milliseconds=1), "its time has come")
    everstore("append", "/later", stdin="a 3\n", port=server.port)
    assert following.stdout.readline().endswith(b" a 3\n")
    following.send_signal(signal.SIGINT)
    rest, _ = following.communicate()
    assert (rest, following.returncode) == (b"", 0)


def test_follow_ends_when_its_reader_leaves_though_nothing_new_comes(server: RunningServer) -> None:
    everstore("append", "/left", stdin="a 1\n", port=server.port)
    following = subprocess.Popen(
        command("cat", "/left", "--follow"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(server.port),
    )
    assert following.stdout is not None
    assert following.stderr is not None
    assert following.stdout.readline() == b"a 1\n"
    following.stdout.close()
    until(lambda: following.poll() is not None, "cat has ended")
    assert (following.returncode, following.stderr.read()) == (0, b"")
    following.stderr.close()


def test_a_reader_that_leaves_early_is_no_error(server: RunningServer) -> None:
    everstore("append", "/long", stdin="".join(f'a "{"x" * 1000}"\n' for _ in range(2000)), port=server.port)
    catting = subprocess.Popen(
        command("cat", "/long"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(server.port)
    )
    assert catting.stdout is not None
    catting.stdout.readline()
    catting.stdout.close()
    until(lambda: catting.poll() is not None, "cat has ended")
    assert catting.stderr is not None
    assert catting.stderr.read() == b""
    catting.stderr.close()
