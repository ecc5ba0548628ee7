"""deploy/everstore.service under a real systemd: what docs/install.md promises of it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import trio
from support.checkout import REPOSITORY, copy_checkout
from support.waiting import until
from support.wire import Client

EXPOSURE_MAX = 2.0
BOOT_S_MAX = 60.0  # It takes half a second, and five on a machine with a busy disk and no processor to spare.
COMMAND_S_MAX = 120  # More than a stop of the unit may take.
UNIT = REPOSITORY / "deploy/everstore.service"


class Machine:
    """A systemd in namespaces of its own that runs the unit and nothing else. What it says is kept in `folder`."""

    def __init__(self, folder: Path, source: Path) -> None:
        folders = [sys.base_prefix, str(source), str(Path(trio.__file__).parents[1])]
        boot = ["unshare", "--pid", "--mount", "--cgroup", "--ipc", "--uts", "--fork", "--kill-child"]
        self._said = folder / "said"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [*boot, str(REPOSITORY / "tests/deploy/boot"), *folders],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
            )

    def log(self) -> str:
        """What the server has said so far."""
        first = self._first()
        log = Path(f"/proc/{first}/root/run/everstore.log")
        return log.read_text() if first and log.exists() else ""

    def port(self) -> int:
        """Where the server serves, when it has said so; 0 until then."""
        ready = re.search(r"^everstore ready on \S+:(\d+), ", self.log(), re.MULTILINE)
        return int(ready[1]) if ready else 0

    def systemctl(self, *arguments: str) -> str:
        done = self._within("systemctl", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def property(self, name: str) -> str:
        return self.systemctl("show", "everstore", f"--property={name}", "--value")

    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def close(self) -> None:
        """End it. All that can be known of it is printed: pytest shows it of a test that failed."""
        try:
            state = self._state() if self._first() else "the machine has ended"
            told = {"systemd's state": state, "the server": self.log(), "the machine": self._said.read_text()}
            sys.stderr.write("".join(f"-- {who}:\n{text}\n" for who, text in told.items()))
        finally:
            self.process.kill()
            self.process.wait()

    def _state(self) -> str:
        asked = (
            ["systemctl", "status", "--no-pager", "--full", "everstore"],
            ["systemctl", "list-jobs"],
            ["ps", "axl"],
        )
        answers = [self._within(*each) for each in asked]
        return "".join(each.stdout + each.stderr for each in answers)

    def _within(self, *command: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", f"--target={self._first()}", "--mount", "--pid", "--ipc", "--cgroup", "--root", "--wd=/"]
        return subprocess.run([*enter, *command], capture_output=True, text=True, check=False, timeout=COMMAND_S_MAX)

    def _first(self) -> int:
        """The machine's first process, as it is called out here; 0 until there is one, and when it has ended."""
        children = [] if self.has_ended() else psutil.Process(self.process.pid).children()
        return children[0].pid if children else 0


@pytest.fixture(scope="module", autouse=True)
def systemd() -> None:
    if os.geteuid() != 0:
        pytest.skip("THE UNIT WAS NOT TESTED: a systemd in namespaces of its own needs root")
    subprocess.run(["bash", REPOSITORY / "scripts/systemd-tools"], check=True)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    source = copy_checkout(tmp_path / "source")
    source.chmod(0o755)
    machine = Machine(tmp_path, source)
    yield machine
    machine.close()


def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    """But for the command, which is not installed here."""
    unit = tmp_path / "everstore.service"
    unit.write_text(UNIT.read_text().replace("/usr/local/bin/everstore-server", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_rates_it_as_little_exposed() -> None:
    rated = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--no-pager", UNIT], capture_output=True, text=True, check=True
    )
    found = re.search(r"Overall exposure level for everstore.service: ([0-9.]+)", rated.stdout)
    assert found, rated.stdout
    assert float(found[1]) <= EXPOSURE_MAX


@pytest.mark.slow
def test_it_serves_and_heals_and_stops_in_its_sandbox(machine: Machine) -> None:
    until(lambda: machine.port() or machine.has_ended(), "the server is ready", BOOT_S_MAX)
    until(lambda: machine.property("ActiveState") == "active", "systemd knows that it is ready")
    with Client(machine.port()) as client:
        client.append(b"/a", b"t {}")
        machine.systemctl("reload", "everstore")
        until(lambda: "SIGHUP: nothing to do" in machine.log(), "the signal has arrived")
        for worker in psutil.Process(listener_pid(machine.port())).children():
            os.kill(worker.pid, signal.SIGKILL)
        until(lambda: machine.log().count("serves again") == 2, "the workers are replaced")
        assert client.events(b"/a") == [b"t {}"]
    machine.systemctl("stop", "everstore")
    assert machine.property("Result") == "success"
    assert "SIGTERM: finishing what has arrived" in machine.log()
    assert "Traceback" not in machine.log()


def listener_pid(port: int) -> int:
    """Who listens on the port."""
    return next(
        each.pid for each in psutil.net_connections("tcp") if each.status == "LISTEN" and each.laddr.port == port
    )
