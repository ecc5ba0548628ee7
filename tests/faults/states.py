"""What a server may find when it starts: directories that crashes, other programs and broken disks have left."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from faults.calls import Calls
from faults.clients import Clients
from faults.workload import NAMES, start
from support.embedded import Embedded

from everstore.journal.names import path_of
from everstore.storage.commit_log import path_of as log_path_of
from everstore.storage.records import SECTOR_BYTES, decode_header


@dataclass(frozen=True, slots=True)
class Place:
    """`ends_in_order`: a server that works here is told to stop, and not killed."""

    directory: Path
    clients: Clients
    calls: Calls
    ends_in_order: bool = True

    @contextmanager
    def server(self, durable: bool = True) -> Iterator[Embedded]:
        """One process, which is killed behind the block."""
        self.clients.restarted()
        with self.calls.failing(None):
            yield start(self.directory, durable)

    @contextmanager
    def without_server(self) -> Iterator[Path]:
        """Somebody else is at the files."""
        yield self.directory
        self.calls.durable.forget_all()

    def file(self, name: bytes) -> Path:
        return self.directory / path_of(name)


def nothing(_: Place) -> None:
    """A new directory."""


def killed(place: Place) -> None:
    """A process was killed: its log is to be replayed."""
    with place.server() as store:
        place.clients.append(store, *NAMES[:3])
        place.clients.append(store, *NAMES[1:])


def of_another_number_of_workers(place: Place) -> None:
    """The log is one whose worker there is no more."""
    killed(place)
    os.rename(place.directory / log_path_of(1), place.directory / log_path_of(2))


def of_another_server(place: Place) -> None:
    """Journals that no log tells of, one of them torn in the midst of an append."""
    killed(place)
    with place.server() as store:
        store.store.close()
    with place.without_server() as directory:
        shutil.rmtree(directory / ".everstore")
        _tear(place, NAMES[1])


def overwritten(place: Place) -> None:
    """Where the log says what was written there stand other bytes, which are to be kept."""
    killed(place)
    with place.without_server():
        path = place.file(NAMES[0])
        other = b"somebody else's bytes".ljust(path.stat().st_size, b".")
        path.write_bytes(other)
        place.clients.kept.append(other)


def with_a_damaged_log(place: Place) -> None:
    """A bit of its first record is another one."""
    killed(place)
    with place.without_server() as directory:
        log = directory / log_path_of(1)
        data = bytearray(log.read_bytes())
        data[SECTOR_BYTES + 40] ^= 1
        log.write_bytes(data)
        place.clients.kept.append(bytes(data))


def after_the_machine_went_down(place: Place) -> None:
    """Durability was "os", on another start of the machine: one append is torn, and another one has lost its end."""
    killed(place)
    with place.server() as store:
        store.store.close()
    with place.server(durable=False) as store:
        place.clients.append(store, *NAMES[:3])
    with place.without_server() as directory:
        log = directory / log_path_of(1)
        data = log.read_bytes()
        header = decode_header(data)
        assert header is not None
        log.write_bytes(replace(header, boot=b"another".ljust(36)).encode() + data[len(header.encode()) :])
        _tear(place, NAMES[0])
        os.truncate(place.file(NAMES[1]), place.file(NAMES[1]).stat().st_size - 10)


def without_what_was_acknowledged(place: Place) -> None:
    """A journal has lost bytes that nobody can bring back: it is noted, and left alone."""
    killed(place)
    with place.server() as store:
        place.clients.append(store, *NAMES)
    with place.without_server():
        os.truncate(place.file(NAMES[2]), 20)
        place.clients.damaged[NAMES[2]] = place.file(NAMES[2]).read_bytes()


def _tear(place: Place, name: bytes) -> None:
    """What a crash leaves of an append."""
    torn = b"2026-11-21T12:00:00.000 t torn"
    with place.file(name).open("ab") as file:
        file.write(torn)
    place.clients.kept.append(torn)


STATES: dict[str, Callable[[Place], None]] = {
    each.__name__: each
    for each in (
        nothing,
        killed,
        of_another_number_of_workers,
        of_another_server,
        overwritten,
        with_a_damaged_log,
        after_the_machine_went_down,
        without_what_was_acknowledged,
    )
}
