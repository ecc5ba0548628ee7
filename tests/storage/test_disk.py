"""Nothing outside the journal directory is reached through a link, and files have their modes whatever the mask."""

from __future__ import annotations

import ctypes
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.server import RunningServer
from support.wire import Client

from everstore.storage.disk import Disk

OUTSIDE = b"nobody's business"


def exchange(one: Path, other: Path) -> None:
    """Give two names each other's files, in one moment."""
    here, at_once = -100, 2
    assert ctypes.CDLL(None).renameat2(here, os.fsencode(one), here, os.fsencode(other), at_once) == 0


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(OUTSIDE)
    (tmp_path / "journals" / "folder").mkdir(parents=True)
    (tmp_path / "journals" / "folder" / "file").write_bytes(b"here")
    (tmp_path / "journals" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "journals" / "folder" / "link").symlink_to(tmp_path / "outside" / "file")
    return Disk(str(tmp_path / "journals"))


CALLS: dict[str, Callable[[Disk, str], object]] = {
    "open": lambda disk, path: disk.open(path),
    "create": lambda disk, path: disk.create(path),
    "append": lambda disk, path: disk.append(path, b"line\n"),
    "size_of": lambda disk, path: disk.size_of(path),
    "rename": lambda disk, path: disk.rename(path, "elsewhere"),
    "rename to": lambda disk, path: disk.rename("folder/file", path),
    "remove": lambda disk, path: disk.remove(path),
    "entries": lambda disk, path: list(disk.entries(os.path.dirname(path) + "/")),
    "sync_directory": lambda disk, path: disk.sync_directory(os.path.dirname(path)),
}


@pytest.mark.parametrize("call", list(CALLS))
def test_no_call_goes_through_a_folder_that_is_a_link(disk: Disk, tmp_path: Path, call: str) -> None:
    with pytest.raises(Exception, match=r"Not a directory|Too many levels"):
        CALLS[call](disk, "link/file")
    assert (tmp_path / "outside" / "file").read_bytes() == OUTSIDE
    assert os.listdir(tmp_path / "outside") == ["file"]


@pytest.mark.parametrize("call", ["open", "create", "append"])
def test_no_call_opens_a_file_that_is_a_link(disk: Disk, tmp_path: Path, call: str) -> None:
    with pytest.raises(Exception, match="Too many levels"):
        CALLS[call](disk, "folder/link")
    assert (tmp_path / "outside" / "file").read_bytes() == OUTSIDE


def test_a_folder_that_becomes_a_link_at_any_moment_leads_nowhere(disk: Disk, tmp_path: Path) -> None:
    """Somebody swaps a folder for a link to another one, again and again, while files are made in it."""
    folder, link = tmp_path / "journals" / "swapped", tmp_path / "journals" / "to-outside"
    folder.mkdir()
    link.symlink_to(tmp_path / "outside")
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            exchange(folder, link)

    swapping = threading.Thread(target=swap)
    swapping.start()
    made = refused = 0
    try:
        for number in range(20_000):
            if number >= 200 and made and refused:
                break
            try:
                disk.close(disk.create(f"swapped/{number}"))
                list(disk.entries("swapped/"))
                made += 1
            except Exception:  # noqa: BLE001 - which one depends on the moment; where the file is, does not
                refused += 1
            assert os.listdir(tmp_path / "outside") == ["file"]
    finally:
        ended.set()
        swapping.join()
    assert made
    assert refused


@pytest.mark.parametrize("mask", [0, 0o022, 0o077, 0o777])
def test_files_and_folders_have_their_modes_whatever_the_mask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        server = RunningServer(tmp_path / "journals", workers=1).start()
    finally:
        os.umask(before)
    with Client(server.port) as client:
        client.append(b"/a/b/c", b"t 1")
    server.close()
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "journals").rglob("*")}
    assert {mode for path, mode in found.items() if path.is_dir()} == {0o750}
    assert {mode for path, mode in found.items() if path.is_file()} == {0o640}
    assert stat.S_IMODE((tmp_path / "journals").stat().st_mode) == 0o750
