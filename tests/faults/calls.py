"""The seam at which file calls fail: in every module of `everstore/storage`, `os`, `fcntl`, `mmap`, `open` and the C
library are stood in for by something that counts, fails the call it is told to, and keeps what a power cut would keep.

A call is named by the module that makes it and by what it calls: `disk.os.pwrite`. Each module's calls are counted by
themselves. A failing call has done nothing, but for `close`, which always closes, and the tests of `os.path`, which
answer False as the real ones do.
"""

from __future__ import annotations

import builtins
import ctypes
import errno
import os
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType, TracebackType
from typing import Any

from faults.durable import Durable

import everstore.storage

MODULES = [import_module(f"everstore.storage.{each.name}") for each in pkgutil.iter_modules(everstore.storage.__path__)]
STOOD_IN_FOR = ("os", "fcntl", "mmap", "_libc")
HARMLESS = frozenset({"fsdecode", "fsencode", "getpid", "umask", "strerror", "join", "dirname", "basename", "relpath"})
"""They ask the kernel nothing that can fail."""
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EINTR", "EMFILE", "ENOMEM")
SHORT = "short"
FILLS_UP = "short, then ENOSPC"
"""A disk that fills up within a write: it takes a part, and then no more."""
CAN_BE_SHORT = frozenset({"pread", "pwrite", "write"})
_ANSWER_FALSE = frozenset({"isdir", "islink"})


@dataclass(frozen=True, slots=True)
class Fault:
    """A call fails at its `use`-th use (from 1 on): once, or from then on."""

    call: str
    use: int
    error: str
    for_ever: bool

    def strikes(self, call: str, use: int) -> bool:
        return call == self.call and (use == self.use or (use > self.use and self.for_ever))


class Calls:
    """Those of the storage layer inside `with calls.failing(fault)`: how many `uses` of each, and whether the fault
    `fired`. `durable`: what a power cut would leave. `fault` may be set at any time.
    """

    def __init__(self, durable: Durable) -> None:
        self.uses: Counter[str] = Counter()
        self.fired = 0
        self.durable = durable
        self.fault: Fault | None = None
        self._open: set[int] = set()

    @contextmanager
    def failing(self, fault: Fault | None) -> Iterator[None]:
        """From here to the end of the block, which is the life of a process: what it has left open is closed."""
        self.fault = fault
        before = [(module, dict(vars(module))) for module in MODULES]
        for module in MODULES:
            self._stand_in(module)
        try:
            yield
        finally:
            for module, names in before:
                for name in (*STOOD_IN_FOR, "open"):
                    vars(module).pop(name, None)
                    if name in names:
                        setattr(module, name, names[name])
            for fd in self._open:
                os.close(fd)
            self._open.clear()

    def _stand_in(self, module: ModuleType) -> None:
        where = module.__name__.rpartition(".")[2]
        for name in STOOD_IN_FOR:
            if hasattr(module, name):
                setattr(module, name, _StandIn(self, f"{where}.{name}", getattr(module, name)))
        module.open = partial(self.call, f"{where}.open", builtins.open)  # type: ignore[attr-defined]

    def call(self, name: str, real: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.uses[name] += 1
        short = name.rpartition(".")[2]
        if self.fault is not None and self.fault.strikes(name, self.uses[name]):
            self.fired += 1
            error = self._error(self.fault)
            if not error:
                return self._short(short, real, arguments)
            if short == "close":
                self._open.discard(arguments[0])
                real(*arguments)
            self.durable.failed(short, arguments)
            if short in _ANSWER_FALSE:
                return False
            if short == "syncfs":
                ctypes.set_errno(error)
                return -1
            raise OSError(error, os.strerror(error))
        return self._done(name, short, real, arguments, named)

    def _error(self, fault: Fault) -> int:
        """The error's number; 0 for a short count."""
        if fault.error == FILLS_UP:
            return errno.ENOSPC if self.fired > 1 else 0
        return 0 if fault.error == SHORT else int(getattr(errno, fault.error))

    def _short(self, short: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        if short == "pread":
            fd, count, position = arguments
            return real(fd, max(1, count // 2), position)
        fd, data, *rest = arguments
        return self._done(short, short, real, (fd, data[: max(1, len(data) // 2)], *rest), {})

    def _done(
        self, name: str, short: str, real: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        self.durable.before(short, arguments, named)
        if short == "close":
            self._open.discard(arguments[0])
        result = real(*arguments, **named)
        self.durable.after(short, arguments, result)
        if name.endswith("os.open"):
            self._open.add(result)
        if short in ("scandir", "open") and not isinstance(result, int):
            return _Counted(self, name, result)
        return result


class _StandIn:
    """For a module, or the C library."""

    def __init__(self, calls: Calls, where: str, real: Any) -> None:
        self._calls = calls
        self._where = where
        self._real = real

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if isinstance(real, ModuleType):
            return _StandIn(self._calls, f"{self._where}.{name}", real)
        if name in HARMLESS or not callable(real):
            return real
        return partial(self._calls.call, f"{self._where}.{name}", real)


class _Counted:
    """An open file or directory whose reads are calls, too."""

    def __init__(self, calls: Calls, where: str, real: Any) -> None:
        self._calls = calls
        self._where = where
        self._real = real
        self.fileno = getattr(real, "fileno", None)

    def read(self, *count: int) -> bytes:
        return self._calls.call(f"{self._where}.read", self._real.read, *count)  # type: ignore[no-any-return]

    def __iter__(self) -> _Counted:
        return self

    def __next__(self) -> Any:
        return self._calls.call(f"{self._where}.next", self._real.__next__)

    def __enter__(self) -> _Counted:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._real.close()
