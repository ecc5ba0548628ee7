from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from support.users import user, write_users

from everstore import limits
from everstore.errors import ConfigError
from everstore.users import file


def test_a_change_makes_the_file_readable_to_its_owner_only_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "users.json"
    with file.changed(str(path)) as users:
        users["ada"] = user("ada", "p")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["users.json"]
    assert list(file.read(str(path))) == ["ada"]


@pytest.mark.parametrize(("before", "after"), [(0o640, 0o640), (0o666, 0o640), (0o400, 0o600)])
def test_a_change_keeps_what_the_group_may_and_never_more(tmp_path: Path, before: int, after: int) -> None:
    path = write_users(tmp_path / "users.json")
    path.chmod(before)
    with file.changed(str(path)):
        pass
    assert stat.S_IMODE(path.stat().st_mode) == after


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_root_changes_stays_its_owners(tmp_path: Path) -> None:
    path = write_users(tmp_path / "users.json")
    os.chown(path, 1234, 5678)
    with file.changed(str(path)):
        pass
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = write_users(tmp_path / "users.json", user("ada", "p"))
    before = path.read_bytes()
    with pytest.raises(KeyError), file.changed(str(path)) as users:
        del users["nobody"]
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["users.json"]


def test_a_link_to_the_file_stays_a_link(tmp_path: Path) -> None:
    path = write_users(tmp_path / "users.json", user("ada", "p"))
    (tmp_path / "link").symlink_to(path)
    with file.changed(str(tmp_path / "link")) as users:
        del users["ada"]
    assert (tmp_path / "link").is_symlink()
    assert file.read(str(path)) == {}


def test_two_changes_at_once_follow_each_other(tmp_path: Path) -> None:
    path = str(tmp_path / "users.json")

    def add(name: str) -> None:
        with file.changed(path) as users:
            users[name] = user(name, "p")

    threads = [threading.Thread(target=add, args=(f"user{number}",)) for number in range(12)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(file.read(path)) == 12


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b" " * (limits.USERS_FILE_BYTES_MAX + 1))
    (tmp_path / "binary").write_bytes(b"\xff")
    for name, why in [
        ("missing", "No such file"),
        (".", "Is a directory|not a regular file"),
        ("pipe", "not a regular file"),
        ("large", "more than"),
        ("binary", "not UTF-8"),
    ]:
        with pytest.raises(ConfigError, match=why):
            file.read(str(tmp_path / name))


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"), file.changed(str(tmp_path / "no/users.json")):
        pass


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = pytest.raises(ConfigError, match=r"/file cannot be used: Not a directory")
    with refused, file.changed(str(tmp_path / "file/users.json")):
        pass


def test_a_file_that_anybody_can_read_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_users(tmp_path / "users.json")
    file.read(str(path))
    assert caplog.messages == []
    path.chmod(0o644)
    file.read(str(path))
    assert "every user of this machine can get at" in caplog.text


@pytest.mark.parametrize("call", ["fsync", "rename", "fchmod"])
def test_a_change_that_cannot_be_written_is_said_and_leaves_nothing(
    tmp_path: Path, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_users(tmp_path / "users.json", user("ada", "p"))
    before = path.read_bytes()

    def fail(*_: object) -> None:
        monkeypatch.undo()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    refused = pytest.raises(ConfigError, match=r"users\.json cannot be written: No space left on device")
    with refused, file.changed(str(path)) as users:
        users["bob"] = user("bob", "q")
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["users.json"]


def test_a_change_is_durable_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "users.json"
    done: list[str] = []
    fsync, rename = os.fsync, os.rename

    def noting_fsync(fd: int) -> None:
        fsync(fd)
        found = os.readlink(f"/proc/self/fd/{fd}")
        done.append(f"sync {len(file.parse(Path(found).read_text())) if os.path.isfile(found) else found}")

    def noting_rename(old: str, new: str) -> None:
        rename(old, new)
        done.append("rename")

    monkeypatch.setattr(os, "fsync", noting_fsync)
    monkeypatch.setattr(os, "rename", noting_rename)
    before = os.listdir("/proc/self/fd")
    with file.changed(str(path)) as users:
        users["ada"] = user("ada", "p")
    assert done == ["sync 1", "rename", f"sync {tmp_path}"]
    assert os.listdir("/proc/self/fd") == before


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = write_users(tmp_path / "users.json", user("ada", "p"))
    text = path.read_text()
    path.write_text(text + " " * (limits.USERS_FILE_BYTES_MAX - len(text)))
    assert list(file.read(str(path))) == ["ada"]
