from __future__ import annotations

from struct import pack

import pytest
from support.native import append

from everstore.errors import Code, Refused
from everstore.wire import native, requests
from everstore.wire.access import Grant
from everstore.wire.frames import Frame
from everstore.wire.layouts import Type
from everstore.wire.native import Appends, Fetch

READER = Grant(False)
CLERK = Grant(True, (b"/orders/", b"/a/b/"))


def frame(kind: int, body: bytes) -> Frame:
    return kind, len(body), 7, 4, 2, body


def on(name: bytes) -> dict[Type, Frame]:
    """Every request that names a journal."""
    return {
        Type.NEW_TRANSACTION: frame(Type.NEW_TRANSACTION, pack("<I", len(name)) + name),
        Type.EXISTS: frame(Type.EXISTS, pack("<I", len(name)) + name),
        Type.COMMIT: frame(Type.COMMIT, pack("<4I", len(name), 1, 3, 9) + name + b"t" + b"t 1"),
        Type.ROLLBACK: frame(Type.ROLLBACK, pack("<2I", len(name), 9) + name),
        Type.READ: frame(Type.READ, pack("<3I", len(name), 0, 0) + name),
        Type.FETCH: frame(Type.FETCH, native.fetch_body(Fetch(name, 0, 0, False, 9, frozenset()))),
    }


def listing(prefix: bytes) -> Frame:
    return frame(Type.LIST, requests.listing_body(prefix, b"/after", 9))


def refused(grant: Grant, asked: Frame) -> Code:
    with pytest.raises(Refused) as error:
        grant.admit(asked)
    return error.value.code


def test_on_covers_every_request_that_is_routed_by_a_name() -> None:
    assert set(on(b"/a")) == {kind for kind in Type if requests.routed_by_name(kind)}


@pytest.mark.parametrize("name", [b"/orders/1", b"/orders/1/2", b"/orders/.log", b"/a/b/c"])
def test_what_lies_below_a_prefix_may_be_touched(name: bytes) -> None:
    for asked in on(name).values():
        assert CLERK.admit(asked) is asked


@pytest.mark.parametrize(
    "name", [b"/orders", b"/orders2", b"/order", b"/", b"", b"orders/1", b"/Orders/1", b"/a/b", b"/a/c", b"//orders/1"]
)
def test_anything_else_is_refused_in_every_request(name: bytes) -> None:
    for asked in on(name).values():
        assert refused(CLERK, asked) is Code.NOT_ALLOWED


def appending(*names: bytes) -> Frame:
    appends = [append(name, b"t 1", number) for number, name in enumerate(names)]
    return frame(Type.APPEND, native.appends_body(Appends(bytes(16), 0, 0, appends)))


def test_appends_are_to_journals_that_may_be_touched_all_of_them() -> None:
    asked = appending(b"/orders/1", b"/a/b/c")
    assert CLERK.admit(asked) is asked
    assert refused(CLERK, appending(b"/orders/1", b"/a", b"/orders/2")) is Code.NOT_ALLOWED
    assert refused(READER, asked) is Code.NOT_ALLOWED


def test_a_reader_may_do_everything_but_commit_events() -> None:
    asked = on(b"/a")
    assert refused(READER, asked.pop(Type.COMMIT)) is Code.NOT_ALLOWED
    for each in (*asked.values(), frame(Type.STATUS, b""), listing(b"")):
        assert READER.admit(each) is each
    empty = frame(Type.COMMIT, pack("<4I", 2, 1, 0, 9) + b"/at")
    assert READER.admit(empty) is empty, "it ends a transaction"


@pytest.mark.parametrize("announced", [0, 1, 3, 2**32 - 1])
def test_a_reader_cannot_hide_events_behind_wrong_lengths(announced: int) -> None:
    asked = frame(Type.COMMIT, pack("<4I", 2, announced, 0, 9) + b"/a" + b"t" + b"t 1")
    assert refused(READER, asked) is Code.UNKNOWN


def test_a_body_that_is_too_short_for_its_name_is_malformed() -> None:
    for asked in on(b"/orders/1").values():
        kind, _, uid, properties, worker, body = asked
        short = body[: body.index(b"/orders/1") + 8]
        assert refused(CLERK, (kind, len(short), uid, properties, worker, short)) is Code.UNKNOWN
    assert refused(CLERK, frame(Type.LIST, b"")) is Code.UNKNOWN


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        (b"/orders/", b"/orders/"),
        (b"/orders/1", b"/orders/1"),
        (b"", b"/orders/\n/a/b/"),
        (b"/", b"/orders/\n/a/b/"),
        (b"/a", b"/a/b/"),
        (b"/orders", b"/orders/"),
        (b"/orders/1\n/secret", b"/orders/1"),
        (b"/secret\n/a/b/", b"/a/b/"),
        (b"\n/", b"/orders/\n/a/b/"),
    ],
)
def test_a_listing_is_narrowed_to_what_may_be_touched(asked: bytes, allowed: bytes) -> None:
    kind, size, uid, properties, worker, body = CLERK.admit(listing(asked))
    assert (kind, uid, properties, worker) == (Type.LIST, 7, 4, 2)
    assert size == len(body)
    assert requests.listing(body) == (allowed, b"/after", 9)


@pytest.mark.parametrize("asked", [b"/b", b"/orders2", b"/secret\n/x", b"x"])
def test_a_listing_of_nothing_that_may_be_touched_is_refused(asked: bytes) -> None:
    assert refused(CLERK, listing(asked)) is Code.NOT_ALLOWED


def test_the_reason_shows_no_control_character() -> None:
    with pytest.raises(Refused, match=r"/x\\x1b\[31m"):
        CLERK.admit(on(b"/x\x1b[31m")[Type.EXISTS])


def test_what_names_no_journal_may_be_asked_by_anybody() -> None:
    for grant in (READER, CLERK, Grant(False, (b"/a/",))):
        asked = frame(Type.STATUS, b"")
        assert grant.admit(asked) is asked


def test_only_who_writes_everywhere_is_unlimited() -> None:
    assert Grant(True).is_unlimited
    assert [each.is_unlimited for each in (READER, CLERK, Grant(False, (b"/a/",)))] == [False] * 3
