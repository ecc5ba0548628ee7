"""The container image, built and run with buildah and chroot isolation: it needs root, but no container engine.

    image = Image.build(tmp_path)
    with Container(image, journals, {"EVERSTORE_PASSWORD": "secret"}) as container:
        ready_line = container.start()

What the image says of itself (user, environment, entry point, health check) is read and obeyed, as by an engine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
STOP_S_MAX = 60.0


def why_no_image_can_be_built() -> str | None:
    """The reason, for the reader of a test's report; None where it can be built."""
    if os.geteuid() != 0:
        return "THE IMAGE WAS NOT TESTED: buildah's chroot isolation and debootstrap need root"
    if not shutil.which("apt-get") and not (shutil.which("buildah") and shutil.which("debootstrap")):
        return "THE IMAGE WAS NOT TESTED: buildah or debootstrap is missing, and there is no apt-get to install it with"
    return None


class Image:
    """The built image, in a storage of its own beside the cached base: nobody's images are touched."""

    def __init__(self, env: Mapping[str, str], name: str) -> None:
        self.env = env
        self.name = name
        self.config: dict[str, Any] = json.loads(self.buildah("inspect", "--type=image", name))["Docker"]["config"]

    @classmethod
    def build(cls, folder: Path) -> Image:
        """Build it on a bootstrapped Debian."""
        env = os.environ | {"CONTAINERS_STORAGE_CONF": str(folder / "storage.conf")}
        _run(env, "bash", "scripts/image-tools")
        # Overlays share what images have in common. Where there are none (inside another container, say), copies do.
        for driver in ("overlay", "vfs"):
            _describe_storage(folder / "storage.conf", driver)
            if subprocess.run(["buildah", "info"], env=env, capture_output=True, check=False).returncode == 0:
                break
        base = _run(env, "bash", "scripts/image-base").strip()
        name = f"localhost/everstore-test:{uuid.uuid4().hex}"
        said = _run(env, "bash", "scripts/image-build", "--engine", "buildah", "--tag", name, "--base", base)
        # Its last lines are the image's size; the base's beside it tells what of that is ours.
        sys.stderr.write("\n".join([*said.splitlines()[-2:], *_run(env, "buildah", "images", base).splitlines(), ""]))
        return cls(env, name)

    def buildah(self, *arguments: str) -> str:
        return _run(self.env, "buildah", *arguments)

    def remove(self) -> None:
        self.buildah("rmi", "--force", self.name)


class Container:
    """One container of an image, with its volume and environment; `options` are further ones of `buildah run`."""

    def __init__(
        self,
        image: Image,
        journals: Path | None = None,
        env: Mapping[str, str] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        volumes = [f"--volume={journals}:/everstore/journals:rw"] if journals else []
        self.image = image
        self.options = [*volumes, *options, *(f"--env={name}={value}" for name, value in (env or {}).items())]
        self.name = ""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Container:
        self.name = self.image.buildah("from", self.image.name).strip()
        self._log = tempfile.TemporaryFile()
        return self

    def command(self, *arguments: str) -> list[str]:
        return ["buildah", "run", "--isolation=chroot", *self.options, self.name, "--", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command beside the server, as `docker exec` and a health check run it."""
        return subprocess.run(self.command(*arguments), env=self.image.env, capture_output=True, text=True, check=False)

    def start(self, *before: str) -> str:
        """Start the entry point, behind the words `before`. Returns the ready line, or "" when there was none."""
        command = self.command(*before, *self.image.config["Entrypoint"])
        self.process = subprocess.Popen(command, env=self.image.env, stdout=subprocess.PIPE, stderr=self._log)
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode()

    def server(self) -> psutil.Process:
        """The server's first process, the one that became the entry point's."""
        assert self.process is not None
        for process in psutil.Process(self.process.pid).children(recursive=True):
            # Started through its `#!`: the interpreter, the script, the options. Workers come behind their parent.
            if process.cmdline()[1:2] == ["/opt/everstore/bin/everstore-server"]:
                return process
        raise AssertionError(f"no server runs in the container:\n{self.log()}")

    def stop(self) -> int:
        """End the server as an engine does; returns what the container exits with."""
        assert self.process is not None
        self.server().send_signal(signal.SIGTERM)
        return self.process.wait(STOP_S_MAX)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(STOP_S_MAX)

    def log(self) -> str:
        """What came out on standard error so far."""
        self._log.seek(0)
        return self._log.read().decode()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                for process in psutil.Process(self.process.pid).children(recursive=True):
                    process.kill()
                self.process.wait(STOP_S_MAX)
            assert self.process.stdout is not None
            self.process.stdout.close()
        self._log.close()
        self.image.buildah("rm", self.name)


def _describe_storage(path: Path, driver: str) -> None:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "everstore"
    folders = f'graphroot = "{cache}/images-{driver}"\nrunroot = "{cache}/run-{driver}"'
    path.write_text(f'[storage]\ndriver = "{driver}"\n{folders}\n')


def _run(env: Mapping[str, str], *command: str) -> str:
    done = subprocess.run(command, cwd=REPOSITORY, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} failed with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
