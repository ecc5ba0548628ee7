"""A block device that logs every write and flush: nbdkit serves it, nbdfuse makes it a file, a loop device a device.

Raises `Unable` where this machine cannot: no root, no FUSE, no loop devices, or the packages are missing
(`scripts/crash-tools` installs them).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from support.waiting import until

PLUGIN = Path(__file__).with_name("plugin.py")
TOOLS = Path(__file__).parents[3] / "scripts/crash-tools"
PROGRAMS = ("nbdkit", "nbdfuse", "losetup", "mkfs.ext4", "mkfs.xfs", "mkfs.btrfs")


class Unable(Exception):
    """This machine cannot cut the power of a device; the message says why."""


def require() -> None:
    """Raises Unable unless a logging device can be made here."""
    if os.geteuid() != 0:
        raise Unable("only root may mount file systems")
    for node in ("/dev/fuse", "/dev/loop-control"):
        if not os.path.exists(node):
            raise Unable(f"there is no {node}")
    if not all(map(shutil.which, PROGRAMS)):
        subprocess.run(["bash", str(TOOLS)], check=False, stdout=subprocess.DEVNULL, timeout=600)
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    if missing:
        raise Unable(f"{', '.join(missing)} cannot be had; scripts/crash-tools installs them")


@contextmanager
def logging_device(image: Path, log: Path, work: Path) -> Iterator[str]:
    """The path of a device on `image`, whose writes and flushes go to `log`. `work`: an empty directory."""
    socket, mount = work / "socket", work / "fuse"
    mount.mkdir()
    disk = mount / "disk"
    with ExitStack() as stack:
        nbdkit = subprocess.Popen(
            ["nbdkit", "-f", "-U", str(socket), "python", str(PLUGIN), f"image={image}", f"log={log}"]
        )
        stack.callback(_end, nbdkit)
        until(socket.exists, "nbdkit serves the device")
        # A file as its mount point makes nbdfuse's device that file.
        disk_file = subprocess.Popen(["nbdfuse", str(disk), "--unix", str(socket)])
        stack.callback(_end, disk_file)
        stack.callback(subprocess.run, ["umount", str(mount)], check=False, stderr=subprocess.DEVNULL)
        until(lambda: disk.exists() and disk.stat().st_size, "nbdfuse shows the device")
        loop = _run("losetup", "-f", "--show", "--direct-io=on", str(disk))
        # The loop device lets go of the file some time after it was told to, and FUSE cannot go before it has.
        stack.callback(until, lambda: loop not in _run("losetup", "-l", "-n", "-O", "NAME"), "the loop device is gone")
        stack.callback(_run, "losetup", "-d", loop)
        yield loop


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(20)
