from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from everstore_client import DirectorySnapshots, MemorySnapshots, Snapshot, Snapshots


def in_directory(directory: Path, version: str = "1") -> DirectorySnapshots[Any]:
    return DirectorySnapshots(directory / "snapshots", lambda state: json.dumps(state).encode(), json.loads, version)


@pytest.fixture(params=[lambda _: MemorySnapshots(), in_directory], ids=["memory", "directory"])
def snapshots(request: pytest.FixtureRequest, tmp_path: Path) -> Snapshots[Any]:
    make: Callable[[Path], Snapshots[Any]] = request.param
    return make(tmp_path)


def test_what_is_kept_is_found_again(snapshots: Snapshots[Any]) -> None:
    assert snapshots.load("/u") is None
    snapshots.save("/u", Snapshot({"a": [1]}, 48))
    snapshots.save("/u", Snapshot({"a": [1, 2]}, 96))
    snapshots.save("/v", Snapshot({}, 7))
    assert snapshots.load("/u") == Snapshot({"a": [1, 2]}, 96)
    assert snapshots.load("/v") == Snapshot({}, 7)


def test_a_state_changed_later_does_not_change_what_is_kept(snapshots: Snapshots[Any]) -> None:
    state = {"a": [1]}
    snapshots.save("/u", Snapshot(state, 48))
    state["a"].append(2)
    first = snapshots.load("/u")
    assert first is not None
    first.state["a"].append(3)
    assert snapshots.load("/u") == Snapshot({"a": [1]}, 48)


def test_memory_drops_the_least_recently_used() -> None:
    snapshots: MemorySnapshots[int] = MemorySnapshots(most=2)
    for journal in ("/a", "/b"):
        snapshots.save(journal, Snapshot(1, 48))
    snapshots.load("/a")
    snapshots.save("/c", Snapshot(1, 48))
    assert [journal for journal in ("/a", "/b", "/c") if snapshots.load(journal)] == ["/a", "/c"]


def test_a_directory_outlives_the_process(tmp_path: Path) -> None:
    in_directory(tmp_path).save("/u", Snapshot(1, 48))
    assert in_directory(tmp_path).load("/u") == Snapshot(1, 48)


def test_another_version_is_not_used(tmp_path: Path) -> None:
    in_directory(tmp_path, "1").save("/u", Snapshot(1, 48))
    assert in_directory(tmp_path, "2").load("/u") is None


def test_names_of_any_length_and_letters(tmp_path: Path) -> None:
    snapshots = in_directory(tmp_path)
    names = ["/" + "/".join(["å" * 100] * 5), "/a/b", "/a%2Fb"]
    for size, name in enumerate(names):
        snapshots.save(name, Snapshot(name, size))
    assert [snapshots.load(name) for name in names] == [Snapshot(name, size) for size, name in enumerate(names)]


def the_file(directory: Path) -> Path:
    (file,) = (directory / "snapshots").iterdir()
    return file


def test_a_file_that_is_cut_off_anywhere_or_changed_is_not_used(tmp_path: Path) -> None:
    snapshots = in_directory(tmp_path)
    snapshots.save("/u", Snapshot({"a": "text"}, 48))
    whole = the_file(tmp_path).read_bytes()
    for end in range(len(whole)):
        the_file(tmp_path).write_bytes(whole[:end])
        assert snapshots.load("/u") is None
    the_file(tmp_path).write_bytes(whole.replace(b"text", b"tixt"))
    assert snapshots.load("/u") is None
    the_file(tmp_path).write_bytes(b"[]\n")
    assert snapshots.load("/u") is None


def test_a_save_that_fails_leaves_the_last_one_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = in_directory(tmp_path)
    snapshots.save("/u", Snapshot(1, 48))

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="disk full"):
        snapshots.save("/u", Snapshot(2, 96))
    assert snapshots.load("/u") == Snapshot(1, 48)
    assert the_file(tmp_path).suffix == ".snapshot"
