from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from struct import unpack_from

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.embedded import Embedded, listing
from support.fakes.disk import AbandonedDisk

PARTS = st.sampled_from(["a", "b", "a-b", "a0", "ab", "ö", "c.log", "Z"])
NAMES = st.sets(st.lists(PARTS, min_size=1, max_size=3).map(lambda parts: "/" + "/".join(parts)), max_size=30).map(
    lambda names: {name.encode() for name in names if ".log/" not in name}
)
PREFIXES = st.sampled_from(["", "/", "/a", "/a/", "/a-", "/b/a"])
AFTERS = st.sampled_from(["", "/a", "/a/b", "/b"])


def listed(store: Embedded, prefix: bytes, after: bytes, most: int) -> list[bytes]:
    """All pages, one behind the other."""
    names: list[bytes] = []
    more = 1
    while more:
        (answer,) = store.ask(listing(prefix, names[-1] if names else after, most))
        assert not answer.code
        more, count = unpack_from("<2I", answer.body)
        page = answer.body[8 : 8 + count].split(b"\n") if count else []
        assert len(page) == most if more else len(page) <= most
        names += page
    return names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    NAMES,
    st.integers(1, 5),
    st.sampled_from(["", "/", "/a", "/a/", "/a-", "/b/a"]),
    st.sampled_from(["", "/a", "/a/b", "/b"]),
)
def test_pages_of_any_size_are_the_sorted_names(
    tmp_path_factory: pytest.TempPathFactory, names: set[bytes], most: int, prefix: str, after: str
) -> None:
    store = Embedded(tmp_path_factory.mktemp("listing"))
    for name in names:
        store.append(name, b"t 1")
    expected = sorted(name for name in names if name.startswith(prefix.encode()) and name > after.encode())
    assert listed(store, prefix.encode(), after.encode(), most) == expected
    AbandonedDisk.abandon_all()  # this is called many times in one test


def test_many_journals_in_one_folder_come_in_order_and_in_pages(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(12_000):
        (folder / f"{number}.log").write_bytes(b"2026-11-21T12:00:00.000 t 1\0")
    (folder / "empty.log").touch()
    (folder / "other.txt").touch()
    names = listed(Embedded(tmp_path), b"", b"", 4096)
    assert names == sorted(b"/many/%d" % number for number in range(12_000))


class PartlyClosedDisk(AbandonedDisk):
    """A directory below which is one that its user must not look into, as `lost+found` is for all but root."""

    def entries(self, path: str) -> Iterator[os.DirEntry[str]]:
        if path.startswith("lost+found"):
            raise PermissionError(errno.EACCES, "Permission denied")
        yield from super().entries(path)


def test_a_folder_that_must_not_be_read_hides_no_other(tmp_path: Path) -> None:
    store = Embedded(tmp_path, PartlyClosedDisk(str(tmp_path)))
    for name in (b"/a", b"/lost+found/b", b"/z"):
        store.append(name, b"t 1")
    assert listed(store, b"", b"", 10) == [b"/a", b"/z"]


def test_several_prefixes_list_what_begins_with_any_of_them_once(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    names = [b"/a/1", b"/a/2", b"/ab", b"/b/c/1", b"/b/d", b"/c"]
    for name in names:
        store.append(name, b"t 1")
    assert listed(store, b"/a/\n/b/c/", b"", 1) == [b"/a/1", b"/a/2", b"/b/c/1"]
    assert listed(store, b"/a\n/a/\n/b/d", b"/a/1", 9) == [b"/a/2", b"/ab", b"/b/d"]


def test_more_prefixes_than_are_allowed_are_refused(tmp_path: Path) -> None:
    store = Embedded(tmp_path)
    store.append(b"/a", b"t 1")
    assert listed(store, b"\n".join([b"/a"] * 64), b"", 9) == [b"/a"]
    (answer,) = store.ask(listing(b"\n".join([b"/a"] * 65), b"", 9))
    assert answer.code == 1
