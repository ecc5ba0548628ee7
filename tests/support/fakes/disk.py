"""A disk that fails at its n-th call that changes something: the one thing that a real one won't do on demand."""

from __future__ import annotations

import os
from typing import ClassVar

from everstore.errors import NoSpace, StorageFailed
from everstore.storage.disk import Disk

CHANGING = (
    "write",
    "truncate",
    "allocate",
    "allocate_more",
    "sync",
    "sync_all",
    "sync_directory",
    "create",
    "rename",
    "remove",
    "append",
)
CAN_BE_FULL = frozenset({"write", "allocate", "allocate_more", "create", "append"})


class AbandonedDisk(Disk):
    """A disk whose process is going to die: `abandon` closes everything that it has open, as the kernel would."""

    alive: ClassVar[list[AbandonedDisk]] = []

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self._files: set[int] = set()
        self.alive.append(self)

    def open(self, path: str) -> int:
        return self._note(super().open(path))

    def create(self, path: str, exclusive: bool = False) -> int:
        return self._note(super().create(path, exclusive))

    def close(self, fd: int) -> None:
        self._files.remove(fd)
        super().close(fd)

    def _note(self, fd: int) -> int:
        self._files.add(fd)
        return fd

    def abandon(self) -> None:
        for fd in (*self._files, self._directory):
            os.close(fd)

    @classmethod
    def abandon_all(cls) -> None:
        while cls.alive:
            cls.alive.pop().abandon()


class FailingDisk(AbandonedDisk):
    """A real disk below `root` that counts its changing calls and fails the one with the number `fail_at`, from 0 on.

    `full`: the failure is a full disk, where the call can meet one; calls that cannot are passed over. `tear`: a write
    that fails has written half of its bytes. `free`: what `free_bytes` says, if not the truth.
    """

    def __init__(self, root: str, fail_at: int = -1, full: bool = False, tear: bool = False) -> None:
        super().__init__(root)
        self.fail_at = fail_at
        self.full = full
        self.tear = tear
        self.free: int | None = None
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> object:
        found = super().__getattribute__(name)
        if name not in CHANGING or (self.full and name not in CAN_BE_FULL):
            return found

        def call(*arguments: object, **named: object) -> object:
            self.calls.append(name)
            if len(self.calls) - 1 == self.fail_at:
                if name == "write" and self.tear:
                    fd, position, data = arguments
                    found(fd, position, data[: len(data) // 2])  # type: ignore[operator, index, arg-type]
                raise NoSpace("the disk is full") if self.full else StorageFailed("the disk has failed")
            return found(*arguments, **named)  # type: ignore[operator]

        return call

    def free_bytes(self) -> int:
        return super().free_bytes() if self.free is None else self.free
