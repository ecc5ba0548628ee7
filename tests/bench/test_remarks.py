from __future__ import annotations

from contextlib import nullcontext

from everstore.bench.contenders import Contender, Served
from everstore.bench.driver import Run
from everstore.bench.remarks import remarks

OURS, THEIRS = (
    Contender(
        name, name.title(), f"as {name} do", lambda *_: nullcontext(Served(0, lambda *_: Run(0, 0.0, []))), missing
    )
    for name, missing in (("ours", ""), ("theirs", "their-server"))
)


def test_a_peer_that_is_not_installed_is_said_to_be_left_out() -> None:
    said = remarks([OURS, THEIRS], [OURS], "ext4", quick=False)
    assert said[:2] == ["Ours: as ours do", "Theirs is left out: the package their-server is not installed"]


def test_data_in_memory_and_a_quick_run_are_warned_of() -> None:
    plain = remarks([OURS], [OURS], "ext4", quick=False)
    warned = remarks([OURS], [OURS], "tmpfs", quick=True)
    assert [line.partition(":")[0] for line in warned[len(plain) :]] == [
        "The data is in memory, where a sync costs nothing",
        "Run with --quick",
    ]
