"""Clocks that jump, by a day and past the ends of 32-bit seconds: no journal's time goes back, no transaction ends or
lives on for it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support import frames
from support.altered import AlteredServer
from support.journal_files import journal_file, stamped_lines
from support.waiting import until
from support.wire import Client

pytestmark = pytest.mark.slow

DAY_S = 86_400
YEAR_S = 31_556_952
JUMPS_S = [0, DAY_S, -DAY_S, 12 * YEAR_S + 60 * DAY_S, 80 * YEAR_S, 200 * YEAR_S, -50 * YEAR_S, 0]


def stamps(server: AlteredServer) -> list[bytes]:
    return [stamp for stamp, _ in stamped_lines(journal_file(server.journals, b"/a"))]


def test_timestamps_never_go_back_whatever_the_clock_does(tmp_path: Path) -> None:
    written = 0
    for _ in range(2):  # the second time after a start that finds the last stamp in the future
        with AlteredServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
            for jump in JUMPS_S:
                server.turn_clock(jump)
                client.append(b"/a", b"t 1", b"t 2")
                written += 2
            found = stamps(server)
            assert len(found) == written
            assert found == sorted(found)
            assert len({len(stamp) for stamp in found}) == 1
    years = [int(stamp[:4]) for stamp in found[: len(JUMPS_S) * 2 : 2]]
    assert years[3] >= 2038, "past the end of signed 32-bit seconds"
    assert years[4] >= 2106, "and of unsigned ones"
    assert years[5] == years[-1] == max(years)


def test_what_was_written_far_ahead_is_read_and_repaired_as_ever(tmp_path: Path) -> None:
    with AlteredServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
        server.turn_clock(100 * YEAR_S)
        client.append(b"/a", b"t 1")
        server.crash()
    with AlteredServer(tmp_path / "journals", workers=1) as server, Client(server.port) as client:
        assert client.events(b"/a") == [b"t 1"]
        assert client.append(b"/a", b"t 2")
        assert client.events(b"/a") == [b"t 1", b"t 2"]


def test_a_transaction_lives_by_the_time_that_passes_not_by_the_clock(tmp_path: Path) -> None:
    options = {"workers": 1, "transaction_lifetime": 1}
    with AlteredServer(tmp_path / "journals", **options) as server, Client(server.port) as client:
        kept = client.open(b"/a")
        server.turn_clock(DAY_S)
        for number in range(30):
            client.append(b"/%d" % number, b"t 1")
        assert client.commit(kept, b"t 1").succeeded, "a day has not passed for it"
        idle = client.open(b"/a")
        server.turn_clock(-DAY_S)
        until(lambda: b'"transactions":0' in client.ask(frames.status(worker=1)).body, "a second is enough")
        late = frames.commit(idle.name, idle.worker, idle.transaction, b"", b"")
        assert client.ask(late).code == 4, "whatever the clock says"
