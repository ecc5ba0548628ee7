"""Fuzzing guided by branches (atheris), from a corpus that every run replays without it."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
from fuzz import targets
from fuzz.targets import TARGETS
from support import figures

from everstore.journal.recovery import judge

HERE = Path(__file__).parent
CORPUS = sorted(path for path in (HERE / "corpus").rglob("*") if path.is_file())
RSS_MIB_MAX = 256
AFRESH = ["sh", "-c", '"$@"; exit $?', "sh"]
"""Put before a command: a small shell starts it, and does not become it. The peak of its memory by which libFuzzer goes
(`ru_maxrss`) begins on Linux with the peak of the process that forked for it, which here may be any number of tests.
"""

SHARES = {"request": 300, "name": 300, "commit_log": 120, "journal": 80} | dict.fromkeys(
    ("replay", "config", "password", "session"), 50
)
"""Of a thousand executions: a session that is heard byte by byte, or a replay, takes as long as fifty requests."""


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_once_stays_right(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


def test_a_target_finds_a_repair_that_forgets_to_turn_a_marker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "judge", lambda data: replace(judge(data), turn=()))
    with pytest.raises(AssertionError):
        TARGETS["journal"]((HERE / "corpus/journal/unturned").read_bytes())


def test_a_target_finds_a_component_that_leads_out_of_the_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(targets, "path_of", lambda name: name[1:].decode() + ".log")
    monkeypatch.setattr(targets, "fault_of", lambda _: "")
    with pytest.raises(AssertionError):
        TARGETS["name"](b"/../a")


def test_what_is_started_afresh_does_not_begin_with_the_memory_of_who_starts_it() -> None:
    peak_kib = "import resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    started = [*AFRESH, sys.executable, "-c", peak_kib]
    big = f"import subprocess; held = b'x' * {RSS_MIB_MAX * 2**20}; subprocess.run({started!r}, check=True)"
    ended = subprocess.run([*AFRESH, sys.executable, "-c", big], capture_output=True, text=True, check=True)
    assert int(ended.stdout) < RSS_MIB_MAX * 2**10 // 2


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.figures
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this Python on this machine")
def test_no_input_breaks_what_a_target_holds(tmp_path: Path) -> None:
    goal = figures.goal("fuzz executions", every_run=1_000_000, campaign=100_000_000)
    seed = figures.seed() or 1  # libFuzzer takes 0 for a random one
    assert set(SHARES) == set(TARGETS)
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Each waits for a process; the slow ones begin first.
        ended = {
            target: pool.submit(_fuzz, target, goal.count * share // 1000, seed, tmp_path, _seconds(goal))
            for target, share in sorted(SHARES.items(), key=lambda pair: pair[1])
        }
    results = {target: each.result() for target, each in ended.items()}
    done, peak = sum(runs for runs, _, _ in results.values()), max(rss for _, rss, _ in results.values())
    crashes = [f"{target}, seed {seed}: {failure}" for target, (_, _, failure) in results.items() if failure]
    goal.reached(done, len(crashes), f"{len(TARGETS)} targets, at most {peak} MiB")
    assert crashes == []
    assert goal.enough(done)


def _seconds(goal: figures.Goal) -> int:
    """What one target may take; 0 for as long as it needs."""
    left = goal.seconds_left() * (os.cpu_count() or 1) / len(SHARES)
    return 0 if math.isinf(left) else max(1, int(left))


def _fuzz(target: str, runs: int, seed: int, folder: Path, seconds: int) -> tuple[int, int, str]:
    """Executions, peak memory in MiB, and what went wrong or nothing."""
    own = folder / target
    own.mkdir()
    options = [f"-runs={runs}", f"-seed={seed}", "-max_len=512", f"-rss_limit_mb={RSS_MIB_MAX}", "-timeout=10"]
    options += [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/{target}-", "-print_final_stats=1"]
    ended = subprocess.run(
        [*AFRESH, sys.executable, str(HERE / "run.py"), target, *options, str(own), str(HERE / "corpus" / target)],
        env={**os.environ, "TMPDIR": str(own.parent)},  # libFuzzer ends the process without cleaning up
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    stats = {what: int(number) for what, number in re.findall(r"stat::(\w+):\s+(\d+)", ended.stderr)}
    failure = "" if ended.returncode == 0 else ended.stderr + ended.stdout
    return stats.get("number_of_executed_units", 0), stats.get("peak_rss_mb", 0), failure
