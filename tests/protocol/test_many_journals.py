"""Ten thousand journals under a limit of 1,024 open files: an idle journal costs no descriptor."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import frames
from support.processes import worker_descriptors
from support.server import RunningServer
from support.waiting import until
from support.wire import Client, committed, opened, part_bytes

pytestmark = pytest.mark.slow

JOURNALS = 10_000
BATCH = 500
OPEN_FILES_MAX = 1024


class ConfinedServer(RunningServer):
    """A server that may hold so many open files."""

    def command(self) -> list[str]:
        return ["prlimit", f"--nofile={OPEN_FILES_MAX}:{OPEN_FILES_MAX}", *super().command()]


def test_ten_thousand_journals_are_written_and_read_with_few_open_files(tmp_path: Path) -> None:
    names = [b"/many/%d/%d" % (number % 100, number) for number in range(JOURNALS)]
    batches = [names[at : at + BATCH] for at in range(0, JOURNALS, BATCH)]
    with ConfinedServer(tmp_path / "journals", workers=2, durability="os") as server, Client(server.port) as client:
        idle = max(worker_descriptors(server))
        for batch in batches:
            client.send(*[frames.open_transaction(name, uid) for uid, name in enumerate(batch)])
            replies = sorted(client.receive_many(BATCH), key=lambda reply: reply.uid)
            transactions = [opened(batch[reply.uid], reply) for reply in replies]
            client.send(
                *[frames.commit(on.name, on.worker, on.transaction, b"t", b"t " + on.name) for on in transactions]
            )
            assert all(committed(reply).succeeded for reply in client.receive_many(BATCH))
            assert max(worker_descriptors(server)) < OPEN_FILES_MAX
        owners = {on.worker for on in transactions}
        assert len(owners) == 2
        for batch in batches:
            sent = [client.open(name) for name in batch[:20]]
            client.send(*[frames.read(on.name, on.worker, 0, on.size, uid=uid) for uid, on in enumerate(sent)])
            for reply in client.receive_many(len(sent)):
                assert part_bytes(reply) == b"t " + batch[reply.uid]
            for on in sent:
                client.rollback(on)  # a journal with an open transaction is not idle
        until(lambda: max(worker_descriptors(server)) <= idle + 16, "idle journals cost no descriptor")
    assert sum(1 for _ in (tmp_path / "journals").rglob("*.log")) == JOURNALS
