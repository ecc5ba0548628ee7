from __future__ import annotations

import pytest
from support.server import RunningServer

from everstore_client import (
    Commit,
    Conflict,
    ConnectionLost,
    Event,
    EverstoreError,
    InvalidJournalName,
    OutcomeUnknown,
    Result,
    Timeout,
    connect,
)
from everstore_client.wire.layouts import LITTLE


def test_many_operations_are_in_flight_at_once(url: str, journal: str) -> None:
    with connect(url, connections=1) as db:
        with db.pipeline(requests=50) as pipeline:
            appended = [pipeline.append(f"{journal}/{n}", Event("a", n), Event("b", n)) for n in range(500)]
        assert {each.result().events for each in appended} == {2}
        with db.pipeline() as pipeline:
            read = [pipeline.read(f"{journal}/{n}") for n in range(500)]
            missing = pipeline.exists(f"{journal}/none")
            assert pipeline.exists(f"{journal}/7").result()
            assert read[0].result() != []
        assert [each.result() for each in read] == [[Event("a", n), Event("b", n)] for n in range(500)]
        assert not missing.result()


def test_reads_of_many_parts_in_a_pipeline(url: str, journal: str) -> None:
    with connect(url) as db:
        db.append_raw(journal, *(f"a {number:01000}" for number in range(300)))
        with db.pipeline() as pipeline:
            read = [pipeline.read(journal) for _ in range(5)]
        assert {len(each.result()) for each in read} == {300}


def test_one_conflict_does_not_touch_the_others(url: str, journal: str) -> None:
    with connect(url) as db, db.pipeline() as pipeline:
        pipeline.append(journal, Event("a", 1), must_be_new=True).result()
        conflict = pipeline.append(journal, Event("a", 2), must_be_new=True)
        fine = pipeline.append_raw(journal, "a 3")
        with pytest.raises(Conflict):
            conflict.result()
        assert fine.result().events == 1


def test_an_error_that_nobody_asked_for_is_raised_at_the_end(url: str, journal: str) -> None:
    with connect(url) as db:
        db.append(journal, type="a", data=1)
        with pytest.raises(Conflict), db.pipeline() as pipeline:
            pipeline.append(journal, Event("a", 2), must_be_new=True)


def test_a_mistake_in_an_operation_is_its_result(url: str) -> None:
    with connect(url) as db, db.pipeline() as pipeline:
        wrong = pipeline.read("no name")
        with pytest.raises(InvalidJournalName):
            wrong.result()


def test_a_block_that_raises_waits_for_nothing(url: str, journal: str) -> None:
    with connect(url, connections=1) as db:
        with pytest.raises(ZeroDivisionError), db.pipeline() as pipeline:
            read = pipeline.read(journal)
            _ = 1 / 0
        with pytest.raises(ConnectionLost, match="left"):
            read.result()
        assert not db.exists(journal)


def test_a_lost_connection_fails_everything_in_flight(silent_server) -> None:  # type: ignore[no-untyped-def]
    server = silent_server()
    with connect(server.url) as db, db.pipeline() as pipeline:
        read = [pipeline.read("/a"), pipeline.read("/b")]
        server.hang_up()
        for each in read:
            with pytest.raises(ConnectionLost):
                each.result()


def test_a_lost_connection_fails_many_that_wait_for_one_journal(old_server: RunningServer) -> None:
    with connect(f"everstore://127.0.0.1:{old_server.port}", timeout=0.5) as db, db.pipeline() as pipeline:
        written = [pipeline.append_raw("/a", "a 1") for _ in range(250)]
        old_server.kill()
        failed = [each for each in written if isinstance(_error_of(each), (ConnectionLost, OutcomeUnknown))]
        assert len(failed) > 200


def _error_of(result: Result[Commit]) -> EverstoreError | None:
    try:
        result.result()
    except EverstoreError as error:
        return error
    return None


def test_silence_is_a_timeout_and_of_a_commit_an_unknown_outcome(silent_server) -> None:  # type: ignore[no-untyped-def]
    server = silent_server(answers={4: LITTLE.pack(0, 7)})
    with connect(server.url, timeout=0.2) as db, db.pipeline() as pipeline:
        commit = pipeline.append_raw("/a", "a 1")
        with pytest.raises(OutcomeUnknown) as failure:
            commit.result()
        assert isinstance(failure.value.__cause__, Timeout)


def test_operations_on_one_journal_follow_each_other(url: str, journal: str) -> None:
    with connect(url) as db:
        with db.pipeline() as pipeline:
            written = [pipeline.append(journal, Event("a", number)) for number in range(300)]
            read = pipeline.read(journal)
        assert [event.data for event in read.result()] == list(range(300))
        assert [result.result().size for result in written] == sorted(result.result().size for result in written)
