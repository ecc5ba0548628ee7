"""The machine and the versions of everything: what a figure means nothing without."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from everstore.bench.servers import nats, postgresql, redis

MEMORY_FILE_SYSTEMS = ("tmpfs", "ramfs")


def machine(directory: Path) -> dict[str, str]:
    """What stands above every table, by name."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / (1 << 30):.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "file system": file_system(directory),
        "Python": platform.python_version(),
        "Everstore": _package("everstore"),
        "everstore_client": _package("everstore_client"),
        "PostgreSQL": _said([f"{postgresql.found()}/postgres", "--version"]) if postgresql.found() else "not installed",
        "Redis": _said([redis.found() or "", "--version"]) if redis.found() else "not installed",
        "NATS": _said([nats.found() or "", "--version"]) if nats.found() else "not installed",
        "load before the first run": f"{os.getloadavg()[0]:.2f} (one minute's average)",
    }


def file_system(directory: Path) -> str:
    """The type of the file system that a directory is on."""
    mounts = [each for each in psutil.disk_partitions(all=True) if directory.resolve().is_relative_to(each.mountpoint)]
    return max(mounts, key=lambda each: len(each.mountpoint)).fstype if mounts else "unknown"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _package(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed as a package"


def _said(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
