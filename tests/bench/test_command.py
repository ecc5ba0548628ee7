"""The command as a person runs it: its loads against real servers, its mistakes, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import psutil
import pytest
from support.waiting import until

from everstore.bench.loads import LOADS
from everstore.bench.servers import nats, postgresql, redis

PEERS = {"postgresql": postgresql.found, "redis": redis.found, "nats": nats.found}
TOOLS = Path(__file__).parents[2] / "scripts/bench-peers"
SECONDS_MAX = 300


@pytest.fixture(scope="session")
def _peers() -> None:
    """What can be installed is. A peer that cannot be had is skipped where it is measured."""
    subprocess.run(["bash", TOOLS], check=False)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "everstore.bench", *map(str, arguments)]


def bench(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        env={**os.environ, **variables},
        check=False,
    )


def of(directory: Path) -> list[psutil.Process]:
    """The processes that have to do with a directory."""
    named = [
        each for each in psutil.process_iter(["cmdline"]) if str(directory) in " ".join(each.info["cmdline"] or [])
    ]
    return [each for each in named if each.pid != os.getpid()]


def assert_nothing_is_left(directory: Path) -> None:
    assert of(directory) == []
    assert [*directory.iterdir()] == []


@pytest.fixture
def data() -> Iterator[Path]:
    """Where the benchmark works; other users' servers must get there. Not below pytest's own folder: each pytest that
    begins, and some tests run one, shuts that to others.
    """
    with tempfile.TemporaryDirectory(prefix="everstore-bench-test-") as folder:
        Path(folder).chmod(0o711)
        directory = Path(folder) / "data"
        directory.mkdir(mode=0o711)
        yield directory


def measured(data: Path, load: str, only: str) -> dict[str, set[str]]:
    """The columns of each series of one load, as found in all three forms, which are valid and agree."""
    results, drawing = data.with_name("results.json"), data.with_name("picture.svg")
    options = (f"--json={results}", f"--svg={drawing}", f"--directory={data}", f"--only={only}")
    done = bench(load, "--quick", *options)
    assert done.returncode == 0, done.stderr
    assert_nothing_is_left(data)
    (found,) = json.loads(results.read_text())["loads"]
    assert found["name"] == load
    texts = {element.text for element in ElementTree.fromstring(drawing.read_text()).iter()}
    columns: dict[str, set[str]] = {}
    for figure in found["figures"]:
        assert len(figure["runs"]) == 2
        assert all(value >= 0 for value in figure["runs"])
        assert f"| {figure['series']} " in done.stdout
        assert f"| {figure['at']} " in done.stdout
        assert texts >= {figure["series"], figure["at"]} or load == "memory"
        columns.setdefault(figure["series"], set()).add(figure["at"])
    assert "these figures say nothing" in done.stdout
    return columns


@pytest.mark.slow
@pytest.mark.usefixtures("_peers")
@pytest.mark.parametrize("peer", PEERS)
def test_durable_transactions_are_measured_beside_each_peer(data: Path, peer: str) -> None:
    if not PEERS[peer]():
        pytest.skip(f"{peer} is not installed, and scripts/bench-peers could not install it")
    columns = measured(data, "small", f"everstore,{peer}")
    assert len(columns) == 2
    expected = {*(f"{count} in flight" for count in (1, 16, 64, 256)), "256 connections"}
    assert all(each == expected for each in columns.values())


@pytest.mark.slow
@pytest.mark.parametrize("load", LOADS)
def test_each_load_runs_on_everstore(data: Path, load: str) -> None:
    assert any("Everstore" in series for series in measured(data, load, "everstore,adapter"))


@pytest.mark.slow
@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_nothing_behind(data: Path, sig: signal.Signals) -> None:
    process = subprocess.Popen(
        command("small", f"--directory={data}"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with process:
        assert process.stderr
        assert b"round 1" in process.stderr.readline()
        assert of(data)
        process.send_signal(sig)
        process.communicate(timeout=SECONDS_MAX)
    assert process.returncode != 0
    assert_nothing_is_left(data)


@pytest.mark.slow
def test_a_killed_run_takes_its_servers_with_it(data: Path) -> None:
    process = subprocess.Popen(
        command("small", f"--directory={data}"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    with process:
        assert process.stderr
        assert b"round 1" in process.stderr.readline()
        process.kill()
    until(lambda: of(data) == [], "its servers have ended")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("large",), "'large' is not one of"),
        (("--only=everstore,oracle",), "'oracle' is none of everstore, published, adapter, postgresql, redis, nats"),
        (("--repeats=0",), "0 is not in the range"),
        (("--seconds=soon",), "'soon' is not a valid float"),
        (("--directory=/nowhere",), "'/nowhere' does not exist"),
        (("--json=/nowhere/results.json",), "/nowhere/results.json cannot be written"),
        (("--svg=/nowhere/picture.svg",), "/nowhere/picture.svg cannot be written"),
    ],
)
def test_a_mistake_is_said_before_anything_starts(arguments: tuple[str, ...], said: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_the_list_names_every_load() -> None:
    listed = bench("--list").stdout
    assert [name for name in LOADS if f"\n{name} " not in listed] == []


def test_a_peer_that_is_not_installed_is_left_out_with_a_line_that_says_so(data: Path) -> None:
    listed = bench("--list", f"--directory={data}", PATH="/nowhere").stdout
    assert "left out: the package redis-server is not installed" in listed
