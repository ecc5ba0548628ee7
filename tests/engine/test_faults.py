"""Every changing disk call of a small workload, made to fail: nothing acknowledged is lost, nothing refused appears."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.embedded import Answered, Embedded, Opened, committed, committing, opened, opening, reading
from support.fakes.disk import AbandonedDisk, FailingDisk

from everstore import limits
from everstore.errors import NoSpace, StorageFailed
from everstore.journal.inspection import faults
from everstore.journal.names import path_of
from everstore.wire.layouts import Type

NAMES = [b"/a", b"/b/c", b"/b/d"]
ROUNDS = 4


class Workload:
    """Batches of commits, two for each journal, each event unlike any other; remembers what was answered."""

    def __init__(self) -> None:
        self.acknowledged: dict[bytes, list[bytes]] = {name: [] for name in NAMES}
        self.refused: list[bytes] = []
        self.unknown: list[bytes] = []

    def run(self, store: Embedded) -> None:
        for number in range(ROUNDS):
            on = [opened(name, answer) for name in NAMES * 2 for answer in store.ask(opening(name))]
            events = [b"t.%d %d-%d\nt.%d more" % (place, number, place, place) for place in range(len(on))]
            self.unknown = events
            self._note(store.ask(*self._requests(on, events)), on, events)

    def _requests(self, on: list[Opened], events: list[bytes]) -> Iterator[tuple[int, bytes]]:
        for place, each in enumerate(on):
            yield committing(each, b"t.%d" % place, events[place])

    def _note(self, answers: list[Answered], on: list[Opened], events: list[bytes]) -> None:
        self.unknown = []
        for answer, each, event in zip(answers, on, events, strict=True):
            if answer.kind == Type.COMMIT:
                assert committed(answer)[0]
                self.acknowledged[each.name].append(event)
            else:
                assert answer.code == 15
                self.refused.append(event)

    def check(self, store: Embedded) -> None:
        """Everything acknowledged stands there once, in order; nothing refused; what is unknown whole or not at all."""
        for name, expected in self.acknowledged.items():
            text = store.text(name)
            for event in reversed(self.unknown):
                text = text.removesuffix(event).removesuffix(b"\n")
            assert text == b"\n".join(expected)
            path = store.directory / path_of(name)
            assert not path.exists() or not list(faults(path.read_bytes()))


def test_the_workload_without_a_fault_is_all_there(tmp_path: Path) -> None:
    workload = Workload()
    workload.run(Embedded(tmp_path))
    assert sum(len(each) for each in workload.acknowledged.values()) == ROUNDS * len(NAMES) * 2
    workload.check(Embedded(tmp_path))


def calls_of(directory: Path, full: bool) -> tuple[int, int]:
    """How many calls can fail before the store is ready, and in all."""
    disk = FailingDisk(str(made(directory)), full=full)
    store = Embedded(directory, disk)
    before = len(disk.calls)
    Workload().run(store)
    return before, len(disk.calls)


def made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


@pytest.fixture(params=[limits.COMMIT_LOG_BYTES, 4096], ids=["", "checkpoints"])
def log_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """A log that the workload does not fill, and one that makes it checkpoint."""
    monkeypatch.setattr(limits, "COMMIT_LOG_BYTES", request.param)
    return int(request.param)


@pytest.mark.usefixtures("log_bytes")
@pytest.mark.parametrize("tear", [False, True])
def test_a_disk_that_fails_at_any_call_loses_nothing_acknowledged(tmp_path: Path, tear: bool) -> None:
    ready, calls = calls_of(tmp_path / "count", full=False)
    assert calls - ready > ROUNDS * (2 + 2 * len(NAMES) - 1)
    for fail_at in range(ready, calls):
        directory = made(tmp_path / str(fail_at))
        workload = Workload()
        disk = FailingDisk(str(directory), fail_at, tear=tear)
        try:
            workload.run(Embedded(directory, disk))
        except StorageFailed:
            assert not workload.refused
        else:
            assert disk.calls[fail_at] == "create", "a file that cannot be made is refused before anything is promised"
            assert workload.refused
        workload.check(Embedded(directory))
        AbandonedDisk.abandon_all()


@pytest.mark.usefixtures("log_bytes")
@pytest.mark.parametrize("tear", [False, True])
def test_a_disk_that_is_full_at_any_call_refuses_and_goes_on(tmp_path: Path, tear: bool) -> None:
    ready, calls = calls_of(tmp_path / "count", full=True)
    for fail_at in range(ready, calls):
        directory = made(tmp_path / str(fail_at))
        workload = Workload()
        store = Embedded(directory, FailingDisk(str(directory), fail_at, full=True, tear=tear))
        workload.run(store)
        assert workload.refused, "somebody was told"
        workload.check(store)
        again = Embedded(directory)
        workload.check(again)
        assert all(committed(again.append(name, b"t.0 after all"))[0] for name in NAMES)
        AbandonedDisk.abandon_all()


@pytest.mark.parametrize("tear", [False, True])
def test_a_journal_without_room_is_left_as_it_was(tmp_path: Path, tear: bool) -> None:
    disk = FailingDisk(str(tmp_path), full=True, tear=tear)
    store = Embedded(tmp_path, disk)
    store.append(b"/a", b"t 1")
    before = (tmp_path / "a.log").read_bytes()
    for later in (1, 2):  # the journal's bytes, and the turning of its marker, behind the log's record
        disk.fail_at = len(disk.calls) + later
        assert store.append(b"/a", b"t 2").code == 15
        assert (tmp_path / "a.log").read_bytes() == before
    store.store.close()
    assert Embedded(tmp_path).text(b"/a") == b"t 1"


def test_a_disk_that_fails_during_repair_is_repaired_the_next_time(tmp_path: Path) -> None:
    def crashed(directory: Path) -> Workload:
        workload = Workload()
        workload.run(Embedded(made(directory)))
        for path in directory.rglob("*.log"):
            path.write_bytes(path.read_bytes()[:-60] + bytes(20))
        return workload

    crashed(tmp_path / "count")
    disk = FailingDisk(str(tmp_path / "count"))
    Embedded(tmp_path / "count", disk)
    for fail_at in range(len(disk.calls)):
        directory = tmp_path / str(fail_at)
        workload = crashed(directory)
        with pytest.raises((StorageFailed, NoSpace)):
            Embedded(directory, FailingDisk(str(directory), fail_at, tear=True))
        workload.check(Embedded(directory))
        AbandonedDisk.abandon_all()


def test_what_is_said_about_a_journal_without_room_is_all_taken_back(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path), full=True)
    store = Embedded(tmp_path, disk)
    a, b = store.open(b"/a"), store.open(b"/b")
    disk.fail_at = len(disk.calls) + 3  # both files are made, the record is written, then /a
    answers = store.ask(
        committing(a, b"t", b"t 1"), opening(b"/a"), reading(b"/a"), committing(b, b"t", b"t 2"), opening(b"/b")
    )
    assert [answer.code for answer in answers] == [15, 15, 15, 0, 0]
    assert store.open(b"/a").size == 0
    assert store.text(b"/b") == b"t 2"
    assert committed(store.append(b"/a", b"t 3"))[0]
    assert Embedded(tmp_path).text(b"/a") == b"t 3"


def test_a_full_disk_is_foreseen_and_the_transaction_stays_open(tmp_path: Path) -> None:
    disk = FailingDisk(str(tmp_path))
    store = Embedded(tmp_path, disk)
    store.append(b"/a", b"t 0")
    on = store.open(b"/a")
    disk.free = 1000
    calls = len(disk.calls)
    assert store.commit(on, b"t", b"t 1").code == 15
    assert store.text(b"/a") == b"t 0"
    assert len(disk.calls) == calls, "nothing was even tried"
    disk.free = None
    assert committed(store.commit(on, b"t", b"t 1"))[0]
    assert store.text(b"/a") == b"t 0\nt 1"
