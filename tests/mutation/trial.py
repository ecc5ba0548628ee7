"""Trying one mutant: a copy of this process imports the changed module and runs tests until one fails.

This process has imported what the tests and the product need of others, and nothing of the product: so a trial begins
within a few hundred milliseconds, and no file is changed anywhere.
"""

from __future__ import annotations

import ast
import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType

import hypothesis
import orjson
import psutil
import pytest
import trio
import trio.testing
from mutation.mutants import mutants

PRELOADED = (hypothesis, orjson, psutil, trio, trio.testing)
SAID = "said"
"""The file in a trial's folder for what pytest says."""
MEMORY_BYTES_MAX = 4 * 1024**3
_OPTIONS = ("-x", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")

# A slow machine is no reason to fail, and two trials of one mutant are the same.
hypothesis.settings.register_profile("mutation", deadline=None, derandomize=True, database=None)

_libc = ctypes.CDLL(None, use_errno=True)
_NEW_MOUNTS, _RECURSIVE, _PRIVATE = 0x20000, 0x4000, 0x40000  # of unshare(2) and mount(2)
_BIND, _REMOUNT, _READ_ONLY = 0x1000, 0x20, 0x1


@dataclass(frozen=True, slots=True)
class Change:
    """The mutant with this number of those of the module at `path`."""

    path: Path
    module: str
    number: int


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        return self._code


class _Finder(MetaPathFinder):
    def __init__(self, change: Change) -> None:
        self._change = change
        tree = ast.parse(change.path.read_bytes())
        list(mutants(tree))[change.number].apply()
        self._code = compile(tree, str(change.path), "exec")

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        if fullname != self._change.module:
            return None
        file = str(self._change.path)
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self._code))


class _Chosen:
    """Of the tests that are collected those with these ids, without their parameters, in this order."""

    def __init__(self, ids: list[str]) -> None:
        self._places = {each: place for place, each in enumerate(ids)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = [(self._places.get(item.nodeid.partition("[")[0]), item) for item in items]
        chosen = [(place, item) for place, item in places if place is not None]
        items[:] = [item for _, item in sorted(chosen, key=lambda each: each[0])]


class Trial:
    """A trial under way. `change`: None for none, which no test may notice."""

    def __init__(self, change: Change | None, ids: list[str], seconds_max: float, folder: Path) -> None:
        self._deadline = time.monotonic() + seconds_max
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os._exit(_run(change, ids, folder))
            finally:
                os._exit(1)  # It could not even begin; it must not go on as a second one of us.

    def verdict(self) -> str:
        """ "killed", "survived", "timed out", or nothing as long as nobody knows."""
        found, status = os.waitpid(self._pid, os.WNOHANG)
        timed_out = not found and time.monotonic() > self._deadline
        if timed_out:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        if found or timed_out:
            _end_group(self._pid)
        if not found:
            return "timed out" if timed_out else ""
        return "killed" if os.waitstatus_to_exitcode(status) else "survived"


def _end_group(pid: int) -> None:
    """What a mutant has left running goes with it."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _confine(folder: Path) -> None:
    """Let this process write in `folder` only: a mutant of a store, run by root, could do harm anywhere. Others can do
    none that their rights do not allow them.
    """
    folder.mkdir()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    if os.geteuid():
        return
    here, whole = os.fsencode(folder), b"/"
    for done in (
        _libc.unshare(_NEW_MOUNTS),
        _libc.mount(b"none", whole, None, _RECURSIVE | _PRIVATE, None),
        _libc.mount(here, here, None, _BIND, None),
        _libc.mount(b"none", whole, None, _REMOUNT | _BIND | _READ_ONLY, None),
    ):
        if done:
            raise OSError(ctypes.get_errno(), "root cannot confine a mutant here: try it as another user")


def _run(change: Change | None, ids: list[str], folder: Path) -> int:
    """In the copy: 0 when no test fails."""
    os.setsid()
    _confine(folder)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
    said = os.open(folder / SAID, os.O_RDWR | os.O_CREAT)
    for stream in (0, 1, 2):
        os.dup2(said, stream)
    hypothesis.settings.load_profile("mutation")
    files = sorted({each.partition("::")[0] for each in ids})
    try:
        if change is not None:
            sys.meta_path.insert(0, _Finder(change))
        return int(pytest.main([*_OPTIONS, f"--basetemp={folder}/tests", *files], [_Chosen(ids)]))
    except BaseException:  # noqa: BLE001 - a module that cannot even be imported is noticed
        return 1
