"""Which worker answers a request."""

from __future__ import annotations

from everstore.errors import Code, Refused
from everstore.journal.names import owner
from everstore.wire import native, requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import Type


def worker_for(frame: Frame, workers: int) -> int:
    """The worker that answers a request; 0 is the supervisor itself.

    Raises:
        Refused: the body is too short to hold the name that it announces, or names a worker that there is not.
    """
    kind, _, _, _, worker, body = frame
    if kind == Type.NATIVE:
        native.hello_body(body)
        return 0
    if kind == Type.APPEND:
        if not 1 <= worker <= workers:
            raise Refused(Code.NO_SUCH_WORKER, f"there is no worker {worker}, only 1 to {workers}")
        return worker
    if requests.routed_by_name(kind):
        return owner(requests.name_for_routing(kind, body), workers)
    if kind == Type.STATUS and worker <= workers:
        requests.status(body)
        return worker
    return owner(body, workers)  # Any worker can list journals, or say that the one asked for does not exist.
