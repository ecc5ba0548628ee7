"""The container image, built on a bootstrapped Debian and started: what docs/install.md promises of it."""

from __future__ import annotations

import os
import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from everstore_client import AuthenticationFailed, Client, Event, connect
from support.containers import Container, Image, why_no_image_can_be_built
from support.server import READY

MADE = re.compile(r"made a password, printed this once: (\S+)")
USER_ID = 1000

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Image]:
    reason = why_no_image_can_be_built()
    if reason is not None:
        pytest.skip(reason)
    image = Image.build(tmp_path_factory.mktemp("image"))
    yield image
    image.remove()


@pytest.fixture
def journals(tmp_path: Path) -> Path:
    """A folder as the machine's first user would mount it."""
    folder = tmp_path / "journals"
    folder.mkdir()
    _give(folder, USER_ID)
    return folder


@pytest.fixture
def port() -> int:
    """A free port. A container with chroot isolation shares this machine's network, where 6929 may be taken."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def test_it_declares_what_an_engine_needs_to_know(image: Image) -> None:
    assert image.config["User"] == f"{USER_ID}:{USER_ID}"
    assert image.config["ExposedPorts"] == {"6929/tcp": {}}
    assert image.config["Volumes"] == {"/everstore/journals": {}}
    assert image.config["Healthcheck"]["Test"] == ["CMD", "everstore-entrypoint", "everstore", "status"]
    assert "EVERSTORE_PORT=6929" in image.config["Env"]


def test_nothing_of_the_build_machine_stays_in_it(image: Image) -> None:
    """Neither the sources and tools of the build, nor how pip reached its packages there."""
    with Container(image) as container:
        there = container.run("sh", "-c", "ls -d /opt/* /run/secrets/* /source /etc/pip.conf").stdout
    assert there.split() == ["/opt/everstore"]
    assert not [variable for variable in image.config["Env"] if variable.startswith(("PIP_", "BASE", "http"))]


def test_it_serves_and_makes_a_password_that_it_keeps(image: Image, journals: Path, port: int) -> None:
    with Container(image, journals, _settings(port)) as container:
        ready = READY.match(container.start())
        assert ready is not None, container.log()
        assert int(ready["port"]) == port
        made = MADE.search(container.log())
        assert made is not None
        password = made[1]
        assert len(password.encode()) == 24
        for process in [container.server(), *container.server().children(recursive=True)]:
            assert process.uids().real == USER_ID
            assert process.gids().real == USER_ID
            assert password not in " ".join(process.cmdline())
        assert _greets(port)
        assert _may_log_in(port, password)
        assert not _may_log_in(port, "a guess")
        with _client(port, password) as client:
            client.append("/user/42", Event("Registered", {"name": "Ada"}))
            assert [event.type for event in client.read("/user/42")] == ["Registered"]
        assert _health(container) == 0
        assert container.stop() == 0

    # What `cat` shows on the host, without the server.
    assert b'"name":"Ada"' in (journals / "user/42.log").read_bytes().replace(b" ", b"")
    assert (journals / ".everstore/password").stat().st_mode & 0o777 == 0o600

    with Container(image, journals, _settings(port)) as container:
        assert READY.match(container.start()), container.log()
        assert MADE.search(container.log()) is None
        assert password not in container.log()
        assert _may_log_in(port, password)
        assert container.stop() == 0


def test_it_takes_the_password_that_it_is_given(image: Image, journals: Path, port: int) -> None:
    with Container(image, journals, _settings(port, EVERSTORE_PASSWORD="given")) as container:
        assert READY.match(container.start()), container.log()
        assert MADE.search(container.log()) is None
        assert _may_log_in(port, "given")
        assert _health(container) == 0
        assert container.stop() == 0
    assert not (journals / ".everstore/password").exists()


def test_it_takes_a_password_from_a_file(image: Image, journals: Path, port: int, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    secret.chmod(0o400)
    _give(secret, USER_ID)
    mounted = (f"--volume={secret}:/tmp/secret:ro",)
    settings = _settings(port, EVERSTORE_PASSWORD_FILE="/tmp/secret")
    with Container(image, journals, settings, options=mounted) as container:
        assert READY.match(container.start()), container.log()
        assert _may_log_in(port, "from a file")
        assert container.stop() == 0
    assert not (journals / ".everstore/password").exists()


def test_it_runs_as_process_one_with_a_read_only_root_and_without_privilege(
    image: Image, journals: Path, port: int
) -> None:
    """As `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges` runs it.

    A signal that the first process has no handler for is lost, so that it ends at all says something.
    """
    privilege = ("--user=0:0", "--cap-add=CAP_SYS_ADMIN")
    own_namespaces = ("unshare", "--pid", "--mount", "--fork", "--kill-child")
    read_only = ("sh", "-c", 'mount -t tmpfs tmpfs /tmp && mount -o remount,bind,ro / && exec "$@"', "sh")
    no_privilege = ("setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "--bounding-set=-all", "--nnp")
    with Container(image, journals, _settings(port), options=privilege) as container:
        assert READY.match(container.start(*own_namespaces, *read_only, *no_privilege)), container.log()
        process = Path(f"/proc/{container.server().pid}")
        status = (process / "status").read_text()
        assert re.search(r"^NSpid:.*\t1$", status, re.MULTILINE)
        assert re.search(r"^CapBnd:\t0+$", status, re.MULTILINE)
        assert re.search(r"^\S+ / \S+ ro[, ]", (process / "mounts").read_text(), re.MULTILINE)
        assert _may_log_in(port, MADE.findall(container.log())[0])
        assert container.stop() == 0


def test_a_folder_it_may_not_write_in_is_named_with_the_way_out(image: Image, tmp_path: Path, port: int) -> None:
    _give(tmp_path, 0)
    with Container(image, tmp_path, _settings(port)) as container:
        assert container.start() == ""
        assert container.wait() == 1
        assert "cannot write in /everstore/journals: it belongs to 0:0" in container.log()
        assert "chown -R 1000:1000" in container.log()


def _settings(port: int, **more: str) -> dict[str, str]:
    return {"EVERSTORE_PORT": str(port), "EVERSTORE_USER": "ada", **more}


def _give(path: Path, user: int) -> None:
    os.chown(path, user, user)


def _health(container: Container) -> int:
    """The image's own health check, run as an engine runs it."""
    test: list[str] = container.image.config["Healthcheck"]["Test"]
    done = container.run(*test[1:])
    sys.stderr.write(done.stdout + done.stderr)
    return done.returncode


def _greets(port: int) -> bool:
    """Whether the server speaks first, as the protocol has it: little endian, version 1, log in."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        return connection.recv(3, socket.MSG_WAITALL) == b"\0\1\1"


def _client(port: int, password: str) -> Client[Event]:
    return connect(f"everstore://ada:{quote(password)}@127.0.0.1:{port}", connections=1)


def _may_log_in(port: int, password: str) -> bool:
    try:
        with _client(port, password) as client:
            client.exists("/nobody")
    except AuthenticationFailed:
        return False
    return True
