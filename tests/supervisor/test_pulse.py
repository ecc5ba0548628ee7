"""Real processes under a clock that runs fast: which of them hang."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import trio
import trio.testing

from everstore import limits
from everstore.supervisor.pulse import Pulse, look_at

pytestmark = pytest.mark.slow

HANGS_S = limits.WORKER_PULSE_S * limits.WORKER_SILENT_LOOKS_MAX
SLEEPS = "import os, time; os.write(1, b'.'); time.sleep(60)"
COMPUTES = "import os; os.write(1, b'.')\nwhile True: pass"
READS = "import os; os.write(1, b'.'); zero = os.open('/dev/zero', 0)\nwhile True: os.read(zero, 4096)"
# Who has called vfork stands still like one who waits for a disk: no signal but SIGKILL reaches it.
WAITS_FOR_DISK = "import ctypes, os, time; os.write(1, b'.'); ctypes.CDLL(None).vfork() or time.sleep(60)"


@pytest.fixture
def fast_clock() -> trio.testing.MockClock:
    return trio.testing.MockClock(rate=50)


@pytest.fixture
def program(request: pytest.FixtureRequest) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, "-c", f"import signal; signal.alarm(60); {request.param}"],
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        yield process.pid
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("program", [SLEEPS, COMPUTES], ids=["sleeps", "computes"], indirect=True)
async def test_a_silent_process_without_an_excuse_hangs(program: int, fast_clock: trio.testing.MockClock) -> None:
    with trio.fail_after(2 * HANGS_S + limits.WORKER_PULSE_S):
        await Pulse(1, program).until_it_hangs()
    assert fast_clock.current_time() >= HANGS_S


@pytest.mark.parametrize("program", [READS, WAITS_FOR_DISK], ids=["reads", "waits for disk"], indirect=True)
async def test_a_silent_process_with_an_excuse_is_waited_for_and_told_of(
    program: int, fast_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    with trio.move_on_after(2 * HANGS_S) as waited:
        await Pulse(7, program).until_it_hangs()
    assert waited.cancelled_caught
    assert fast_clock.current_time() >= 2 * HANGS_S
    assert "worker 7 has said nothing for 30 seconds: it " in caplog.text


async def test_what_is_said_at_times_is_enough(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    pulse = Pulse(1, os.getpid())

    async def speak() -> None:
        while True:
            await trio.sleep(HANGS_S - limits.WORKER_PULSE_S)
            pulse.heard()

    nursery.start_soon(speak)
    with trio.move_on_after(20 * HANGS_S) as waited:
        await pulse.until_it_hangs()
    assert waited.cancelled_caught
    assert autojump_clock.current_time() >= 20 * HANGS_S
    nursery.cancel_scope.cancel()


def test_of_a_process_that_is_gone_nothing_is_seen() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()
        assert look_at(process.pid) == (b"", 0)
