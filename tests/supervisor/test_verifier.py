"""The process that verifies passwords, and what becomes of those who wait for it when it dies."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing
from support.users import cheap_hash

from everstore import limits
from everstore.supervisor import verifier as verifier_module
from everstore.supervisor.spawn import fork_process
from everstore.supervisor.verifier import Unverified, Verifier
from everstore.wire.layouts import U32

KEPT = cheap_hash("right")
SECONDS_MAX = 10


class Processes:
    """The verifiers that were started: their process ids. While `failing`, none can be."""

    def __init__(self) -> None:
        self.pids: list[int] = []
        self.failing = 0

    def fork(self, *arguments: object) -> tuple[int, socket.socket]:
        if self.failing:
            self.failing -= 1
            raise OSError(11, "Resource temporarily unavailable")
        pid, channel = fork_process(*arguments)  # type: ignore[arg-type]
        self.pids.append(pid)
        return pid, channel


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    made = Processes()
    monkeypatch.setattr(verifier_module, "fork_process", made.fork)
    monkeypatch.setattr(limits, "VERIFIER_PAUSE_S", 0.02)
    return made


@pytest.fixture
async def verifier(processes: Processes) -> AsyncIterator[Verifier]:
    made = Verifier()
    with trio.fail_after(SECONDS_MAX):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(made.keep_alive)
            yield made
            nursery.cancel_scope.cancel()
    assert not [pid for pid in processes.pids if os.path.exists(f"/proc/{pid}")], "none is left behind"


async def test_the_right_password_is_told_from_wrong_ones(verifier: Verifier, processes: Processes) -> None:
    passwords = [b"right", b"wrong", b"", b"right ", b" right", b"right", b"a b c" * 5]
    assert [await verifier.verify(KEPT, each) for each in passwords] == [True, False, False, False, False, True, False]
    spaced = cheap_hash("with a space")
    assert await verifier.verify(spaced, b"with a space")
    assert len(processes.pids) == 1


async def test_those_who_ask_at_once_each_hear_their_own_answer(verifier: Verifier, nursery: trio.Nursery) -> None:
    heard: dict[bytes, bool] = {}

    async def ask(password: bytes) -> None:
        heard[password] = await verifier.verify(KEPT, password)

    for number in range(limits.LOGINS_QUEUED_MAX // 2):
        nursery.start_soon(ask, b"%d" % number)
    nursery.start_soon(ask, b"right")
    while len(heard) <= limits.LOGINS_QUEUED_MAX // 2:
        await trio.sleep(0.005)
    assert [password for password, right in heard.items() if right] == [b"right"]


async def test_so_many_wait_and_the_next_one_is_told_at_once(nursery: trio.Nursery) -> None:
    unattended = Verifier()
    for _ in range(limits.LOGINS_QUEUED_MAX):
        nursery.start_soon(unattended.verify, KEPT, b"right")
    await trio.testing.wait_all_tasks_blocked()
    with pytest.raises(Unverified, match=f"{limits.LOGINS_QUEUED_MAX} logins wait to be verified, the limit"):
        await unattended.verify(KEPT, b"right")
    nursery.cancel_scope.cancel()


async def test_one_that_has_given_up_waiting_costs_no_verification(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    answer = verifier_module._answer  # noqa: SLF001

    async def noting(channel: socket.socket, question: bytes) -> bool | None:
        asked.append(question.rpartition(b" ")[2])
        return await answer(channel, question)

    monkeypatch.setattr(verifier_module, "_answer", noting)
    made = Verifier()
    with trio.move_on_after(0.01) as impatient:
        await made.verify(KEPT, b"impatient")
    assert impatient.cancelled_caught
    with trio.fail_after(SECONDS_MAX):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(made.keep_alive)
            assert await made.verify(KEPT, b"right")
            nursery.cancel_scope.cancel()
    assert asked == [b"right"]
    assert len(processes.pids) == 1


async def test_who_waits_for_one_that_dies_hears_that_nobody_knows_and_a_new_one_serves_the_next(
    verifier: Verifier, processes: Processes, caplog: pytest.LogCaptureFixture
) -> None:
    assert await verifier.verify(KEPT, b"right")
    os.kill(processes.pids[0], signal.SIGSTOP)
    heard: list[str] = []

    async def ask() -> None:
        with pytest.raises(Unverified) as unverified:
            await verifier.verify(KEPT, b"right")
        heard.append(str(unverified.value))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        await trio.testing.wait_all_tasks_blocked()
        os.kill(processes.pids[0], signal.SIGKILL)
    assert heard == ["the process that verifies logins has died"]
    assert await verifier.verify(KEPT, b"right")
    assert len(processes.pids) == 2
    assert caplog.messages == ["the process that verifies logins has died; another one is started"]


async def test_one_that_has_died_meanwhile_is_found_out_at_the_next_question(
    verifier: Verifier, processes: Processes
) -> None:
    assert await verifier.verify(KEPT, b"right")
    os.kill(processes.pids[0], signal.SIGKILL)
    os.waitid(os.P_PID, processes.pids[0], os.WEXITED | os.WNOWAIT)
    with pytest.raises(Unverified, match="has died"):
        await verifier.verify(KEPT, b"right")
    assert await verifier.verify(KEPT, b"right")


async def test_one_that_cannot_be_started_is_tried_again_after_a_pause(
    processes: Processes, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "VERIFIER_PAUSE_S", 0.4)
    processes.failing = 2
    made = Verifier()
    with trio.fail_after(SECONDS_MAX):
        async with trio.open_nursery() as nursery:
            started = trio.current_time()
            nursery.start_soon(made.keep_alive)
            assert await made.verify(KEPT, b"right")
            assert trio.current_time() - started >= 2 * limits.VERIFIER_PAUSE_S
            nursery.cancel_scope.cancel()
    why = "the process that verifies logins could not be started: Resource temporarily unavailable"
    assert caplog.messages == [why, why]


@pytest.mark.parametrize("questions", [[], [b"right"], [b"right", b"wrong", b"right"]])
def test_the_process_answers_in_order_and_ends_by_itself_with_its_channel(questions: list[bytes]) -> None:
    pid, channel = fork_process("a verifier", set(), verifier_module._serve)  # noqa: SLF001
    channel.setblocking(True)
    channel.settimeout(SECONDS_MAX)
    with channel:
        for password in questions:
            asked = f"{KEPT} ".encode() + password
            channel.sendall(U32.pack(len(asked)) + asked)
            assert channel.recv(2) == (b"\1" if password == b"right" else b"\0")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_process_has_less_claim_to_the_processor_than_others() -> None:
    pid, channel = fork_process("a verifier", set(), verifier_module._serve)  # noqa: SLF001
    channel.setblocking(True)
    with channel:
        asked = f"{KEPT} right".encode()
        channel.sendall(U32.pack(len(asked)) + asked)
        assert channel.recv(1) == b"\1"
        assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    os.waitpid(pid, 0)
