"""Appends on their way out of one connection: those to one worker that wait at the same time leave in one request.

A request leaves at once when none is under way to its worker, or when it is full; else it waits for the answer and
takes along what has come meanwhile. So a single append waits for nothing, and many share the costs of a request, a
batch and a sync. Appends keep their order; those of one request have one sender and one run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .limits import APPENDS_BYTES_MAX, APPENDS_MAX, APPENDS_UNDER_WAY
from .pending import Pending
from .senders import Sender
from .wire.native_replies import Outcome
from .wire.native_requests import Append, appends
from .wire.requests import Request


class Post(NamedTuple):
    """An append, addressed. `run`: of the server, when the append was sent for the first time; `again`: it was sent
    before. `size`: the append's, in bytes.
    """

    sender: Sender
    run: int
    worker: int
    append: Append
    size: int
    again: bool = False


Posted = list[tuple[Pending, Post]]


class _Queue:
    """What waits for one worker, of one sender and run."""

    __slots__ = ("posts", "size")

    def __init__(self) -> None:
        self.posts: dict[Pending, Post] = {}
        self.size = 0

    @property
    def is_full(self) -> bool:
        return len(self.posts) >= APPENDS_MAX or self.size >= APPENDS_BYTES_MAX

    def add(self, pending: Pending, post: Post) -> None:
        self.posts[pending] = post
        self.size += post.size

    def drop(self, pending: Pending) -> None:
        post = self.posts.pop(pending, None)
        if post is not None:
            self.size -= post.size

    def take(self) -> Posted:
        """As many as one request may have, at least one."""
        taken: Posted = []
        room = APPENDS_BYTES_MAX
        for pending, post in self.posts.items():
            room -= post.size
            if taken and (room < 0 or len(taken) >= APPENDS_MAX):
                break
            taken.append((pending, post))
        for pending, _ in taken:
            self.drop(pending)
        return taken


class Outbox:
    """See the module. It says nothing itself."""

    def __init__(self) -> None:
        self._queues: dict[tuple[Sender, int, int], _Queue] = {}
        self._under_way: dict[int, int] = {}

    def __len__(self) -> int:
        return sum(len(queue.posts) for queue in self._queues.values())

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return sum(queue.size for queue in self._queues.values())

    def add(self, pending: Pending, post: Post) -> None:
        self._queues.setdefault((post.sender, post.run, post.worker), _Queue()).add(pending, post)

    def drop(self, pending: Pending) -> None:
        """It need not leave any more, if it has not."""
        for queue in self._queues.values():
            queue.drop(pending)

    def ready(self) -> bool:
        """Whether something may leave now."""
        return any(self._may_leave(worker, queue) for (_, _, worker), queue in self._queues.items())

    def take(self) -> Iterator[Posted]:
        """What may leave now, request by request; say that each has `left` before the next."""
        for key, queue in list(self._queues.items()):
            while self._may_leave(key[2], queue):
                yield queue.take()
            if not queue.posts:
                del self._queues[key]

    def left(self, worker: int) -> None:
        """A request to the worker is under way."""
        self._under_way[worker] = self._under_way.get(worker, 0) + 1

    def answered(self, worker: int) -> None:
        """It no longer is."""
        self._under_way[worker] -= 1

    def clear(self) -> Iterator[Pending]:
        """All that waits, which will not leave."""
        queues, self._queues = self._queues, {}
        for queue in queues.values():
            yield from queue.posts

    def _may_leave(self, worker: int, queue: _Queue) -> bool:
        return bool(queue.posts) and (queue.is_full or self._under_way.get(worker, 0) < APPENDS_UNDER_WAY)


def request_of(posted: Posted) -> Request[list[Outcome]]:
    """One request for appends of one sender, run and worker."""
    sender, run, worker, *_ = posted[0][1]
    return appends(sender.client, run, sender.answered, worker, [post.append for _, post in posted])
