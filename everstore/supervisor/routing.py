"""Which worker owns a journal: a hash of its name.

CRC-32 alone is linear, so that names which differ in few bits could fall on few workers; the multiplication mixes
its bits before the highest ones are used. The original took the sum of the name's bytes, and one worker of five got
nearly all.
"""

from __future__ import annotations

from zlib import crc32

from everstore.wire import requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import Type

_GOLDEN = 0x9E3779B1


def owner(name: bytes, workers: int) -> int:
    """The worker of a journal, from 1 to `workers`."""
    return ((crc32(name) * _GOLDEN & 0xFFFFFFFF) * workers >> 32) + 1


def worker_for(frame: Frame, workers: int) -> int:
    """The worker that answers a request; 0 is the supervisor itself.

    Raises:
        Malformed: the body is too short to hold the name that it announces.
    """
    kind, _, _, _, worker, body = frame
    if requests.routed_by_name(kind):
        return owner(requests.name_for_routing(kind, body), workers)
    if kind == Type.STATUS and worker <= workers:
        requests.status(body)
        return worker
    return owner(body, workers)  # Any worker can list journals, or say that the one asked for does not exist.
