"""Journal names: every rule from both sides, for every request with a name; nothing ever outside the directory."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import frames
from support.journal_files import events_in, journal_file, listing
from support.server import RunningServer
from support.wire import Client

LINE = b"t {}"


def long_name(length: int) -> bytes:
    """A name of so many bytes, of components of at most 200."""
    components, rest = divmod(length, 201)
    name = b"".join(b"/" + bytes([97 + number % 26]) * 200 for number in range(components))
    return name + (b"/" + b"z" * (rest - 1) if rest else b"")


def multi_byte_long_name(length: int) -> bytes:
    return ("/" + "å" * 100).encode() * 5 + long_name(length - 5 * 201)


ACCEPTED = {
    "two bytes": b"/a",
    "digits": b"/42",
    "folders": b"/user/42/orders",
    "a space": b"/a b/ c",
    "signs": b"/~!@#$%^&*()_+-=[]{}|;:,<>?`'\"",
    "a backslash": b"/a\\..b".replace(b"..", b"."),
    "percent signs": b"/%2e%2e/%00",
    "one dot in front": b"/.a/.b",
    "one dot behind": b"/a./b.",
    "a dot between": b"/a.b/c.d",
    "log as its end": b"/ending.log",
    "only .log": b"/.log",
    "a folder like .log": b"/folder.logs/x",
    "a folder .LOG": b"/folder.LOG/x",
    "a folder log": b"/log/x",
    "the own folder's name further in": b"/x/.everstore",
    "the own folder's name with more behind": b"/.everstore2/x",
    "the own folder's name as a longer file": b"/.everstore.log",
    "two-byte characters": "/användare/å".encode(),
    "three-byte characters": "/用户/一".encode(),
    "four-byte characters": "/🙂/🙃".encode(),
    "U+00A0, right behind the control characters": b"/\xc2\xa0",
    "tilde, right before DEL": b"/~",
    "the last character of all": b"/\xf4\x8f\xbf\xbf",
    "like a torn remainder": b"/x.log.torn-2015",
    "a component of 200 bytes": b"/" + b"c" * 200,
    "a component of 200 bytes in 100 characters": ("/" + "å" * 100).encode(),
    "components of 200 bytes": b"/" + b"c" * 200 + b"/" + b"d" * 200,
    "1023 bytes": long_name(1023),
    "1024 bytes": long_name(1024),
    "1024 bytes, multi-byte": multi_byte_long_name(1024),
}
REFUSED = {
    "nothing": b"",
    "only the slash": b"/",
    "no slash": b"a",
    "no slash in front": b"a/b",
    "a space in front": b" /a",
    "two slashes": b"//",
    "two slashes in front": b"//a",
    "two slashes between": b"/a//b",
    "a slash behind": b"/a/",
    "two dots": b"/..",
    "two dots in front": b"/../a",
    "two dots between": b"/a/../b",
    "two dots behind": b"/a/..",
    "many up": b"/../../../../../../etc/passwd",
    "two dots in a component": b"/a..b",
    "two dots before a component": b"/..a",
    "three dots": b"/...",
    "one dot": b"/.",
    "one dot between": b"/a/./b",
    "one dot in front": b"/./a",
    "one dot behind": b"/a/.",
    "a folder that is a file": b"/a.log/b",
    "a folder further in that is a file": b"/a/b.log/c/d",
    "a folder that is the nameless file": b"/.log/b",
    "the own folder": b"/.everstore",
    "in the own folder": b"/.everstore/worker-1",
    "far in the own folder": b"/.everstore/a/b",
    "a component of 201 bytes": b"/" + b"c" * 201,
    "a component of 201 bytes between": b"/a/" + b"c" * 201 + b"/b",
    "a component of 201 bytes in 101 characters": ("/c" + "å" * 100).encode(),
    "1025 bytes": long_name(1025),
    "1026 bytes, multi-byte": multi_byte_long_name(1026),
    "60000 bytes": long_name(60_000),
    "a lone continuation byte": b"/\x80",
    "a byte that never is": b"/\xff",
    "a cut character": b"/a\xc3",
    "a cut character between": b"/\xe7\x94/a",
    "an overlong slash": b"/a\xc0\xafb",
    "an overlong NUL": b"/a\xc0\x80",
    "overlong dots": b"/\xc0\xae\xc0\xae/a",
    "a surrogate": b"/\xed\xa0\x80",
    "past the last character": b"/\xf4\x90\x80\x80",
    "NUL": b"/a\0b",
    "NUL behind": b"/a\0",
    "a newline": b"/a\nb",
    "a newline behind": b"/a\n",
    "a carriage return": b"/a\r",
    "a tab": b"/a\tb",
    "escape": b"/\x1b[2J",
    "U+001F, the last of C0": b"/a\x1f",
    "DEL": b"/a\x7f",
    "U+0080, the first of C1": b"/a\xc2\x80",
    "U+0085, next line": b"/a\xc2\x85b",
    "U+009F, the last of C1": b"/a\xc2\x9f",
}


def requests(name: bytes, worker: int = 1) -> list[bytes]:
    """One of each kind that carries a name. What is wrong about them besides the name must not matter."""
    return [
        frames.open_transaction(name, 1),
        frames.commit(name, worker, 1, b"t", LINE, 2),
        frames.rollback(name, worker, 1, 3),
        frames.read(name, worker, 0, 0, uid=4),
        frames.exists(name, 5),
    ]


def everything_around(server: RunningServer) -> tuple[dict[str, int], list[Path]]:
    """All that a name could have made: in the journal directory, beside it, and above."""
    return listing(server.journals.parent), sorted(server.journals.parent.parent.iterdir())


@pytest.mark.parametrize("rule", ACCEPTED)
def test_it_names_a_journal(client: Client, server: RunningServer, rule: str) -> None:
    name = ACCEPTED[rule]
    assert not client.exists(name)
    on = client.open(name)
    assert on.size == 0
    assert client.read(on) == b""
    assert client.rollback(client.open(name)) == b"\1"
    assert client.commit(on, LINE).succeeded
    assert client.exists(name)
    assert events_in(journal_file(server.journals, name)) == [LINE]
    assert client.list(prefix=name, most=1) == (client.list(prefix=name)[1] != [name], [name])


@pytest.mark.parametrize("rule", REFUSED)
def test_it_names_no_journal(client: Client, server: RunningServer, rule: str) -> None:
    before = everything_around(server)
    asked = requests(REFUSED[rule])
    client.send(*asked)
    replies = {reply.uid: reply.code for reply in client.receive_many(len(asked))}
    assert replies == dict.fromkeys(range(1, len(asked) + 1), 8)
    assert everything_around(server) == before


@pytest.mark.parametrize("byte", [*range(0x20), 0x7F])
def test_no_control_character_is_part_of_a_name(client: Client, byte: int) -> None:
    for name in (b"/%c" % byte, b"/a%cb" % byte, b"/a/b%c" % byte):
        assert client.ask(frames.open_transaction(name)).code == 8


def test_names_differ_by_case_and_by_form_of_their_characters(client: Client) -> None:
    for number, name in enumerate(["/case/a", "/case/A", "/case/å", "/case/a\u030a"]):
        client.append(name.encode(), b"t %d" % number)
    for number, name in enumerate(["/case/a", "/case/A", "/case/å", "/case/a\u030a"]):
        assert client.events(name.encode()) == [b"t %d" % number]


def test_a_journal_may_lie_beside_the_folder_of_its_name(client: Client, server: RunningServer) -> None:
    client.append(b"/both", b"t 1")
    client.append(b"/both/in", b"t 2")
    client.append(b"/both/in/in", b"t 3")
    assert events_in(server.journals / "both.log") == [b"t 1"]
    assert events_in(server.journals / "both" / "in.log") == [b"t 2"]
    assert events_in(server.journals / "both" / "in" / "in.log") == [b"t 3"]


def test_asking_about_a_journal_makes_no_file_and_no_folder(client: Client, server: RunningServer) -> None:
    before = everything_around(server)
    name = b"/asked/about/only"
    on = client.open(name)
    client.exists(name)
    client.read(on)
    client.list(prefix=name)
    client.commit(on)
    client.rollback(client.open(name))
    assert everything_around(server) == before
