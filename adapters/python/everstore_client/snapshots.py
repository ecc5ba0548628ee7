"""Where folded states are kept, so that a journal need not be read from its start again: in memory, or in a directory.

A snapshot is a cache: where one is missing, torn, of another version or of another journal, the state is folded anew.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from .limits import MEMORY_SNAPSHOTS

S = TypeVar("S")


class Snapshot(NamedTuple, Generic[S]):
    """A state, and the journal's size in bytes up to which it was folded."""

    state: S
    size: int


class Snapshots(Protocol[S]):
    """What a repository needs: any class with these two methods will do. Both may be called by several threads."""

    def load(self, journal: str) -> Snapshot[S] | None:
        """The snapshot of a journal, if there is one that can be used."""
        ...

    def save(self, journal: str, snapshot: Snapshot[S]) -> None:
        """Keep it in place of the last one."""
        ...


class MemorySnapshots(Generic[S]):
    """Snapshots in this process, the least recently used of which are dropped.

    Args:
        most: how many to keep.
        duplicate: makes the copy that is kept and the one that is handed out. `copy.deepcopy` is right for every
            state; where states are never changed in place, `lambda state: state` is faster.
    """

    def __init__(self, most: int = MEMORY_SNAPSHOTS, duplicate: Callable[[S], S] = copy.deepcopy) -> None:
        self._most = most
        self._duplicate = duplicate
        self._kept: OrderedDict[str, Snapshot[S]] = OrderedDict()
        self._lock = threading.Lock()

    def load(self, journal: str) -> Snapshot[S] | None:
        with self._lock:
            kept = self._kept.get(journal)
            if kept is None:
                return None
            self._kept.move_to_end(journal)
        return Snapshot(self._duplicate(kept.state), kept.size)

    def save(self, journal: str, snapshot: Snapshot[S]) -> None:
        copied = Snapshot(self._duplicate(snapshot.state), snapshot.size)
        with self._lock:
            self._kept[journal] = copied
            self._kept.move_to_end(journal)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)


class DirectorySnapshots(Generic[S]):
    """Snapshots in files, one for each journal, replaced atomically; several processes may share the directory.

    A file is one line of JSON (journal, size, version, digest of the rest), then the dumped state.

    Args:
        directory: made when it is missing.
        dump: from a state to bytes.
        load: from these bytes to a state.
        version: of the fold and of the state; snapshots of another one are not used.
    """

    def __init__(
        self, directory: str | Path, dump: Callable[[S], bytes], load: Callable[[bytes], S], version: str = "1"
    ) -> None:
        self._directory = Path(directory)
        self._dump = dump
        self._load = load
        self._version = version
        self._directory.mkdir(parents=True, exist_ok=True)

    def load(self, journal: str) -> Snapshot[S] | None:
        try:
            head, _, body = self._path(journal).read_bytes().partition(b"\n")
            kept = json.loads(head)
        except (OSError, ValueError):
            return None
        if not isinstance(kept, dict) or kept != self._head(journal, kept.get("size"), body):
            return None
        return Snapshot(self._load(body), kept["size"])

    def save(self, journal: str, snapshot: Snapshot[S]) -> None:
        body = self._dump(snapshot.state)
        head = json.dumps(self._head(journal, snapshot.size, body)).encode()
        descriptor, temporary = tempfile.mkstemp(dir=self._directory, suffix=".new")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(head + b"\n" + body)
            os.replace(temporary, self._path(journal))
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
            raise

    def _path(self, journal: str) -> Path:
        """A journal's name may be longer than a file's, so its digest stands for it; the head says which it is."""
        return self._directory / f"{hashlib.sha256(journal.encode()).hexdigest()}.snapshot"

    def _head(self, journal: str, size: object, body: bytes) -> dict[str, object]:
        digest = hashlib.sha256(body).hexdigest()
        return {"journal": journal, "size": size, "version": self._version, "digest": digest}
