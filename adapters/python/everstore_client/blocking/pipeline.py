"""Many operations in flight at once, from one thread, on one connection.

Each operation is a generator of steps; the pipeline says the next step of each when the reply to its last one is there.
Those that want to go on elsewhere do so together, after one pause.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import Any, Generic, TypeVar

from .. import operations
from ..choice import choice_of
from ..errors import ConnectionLost, EverstoreError, Timeout
from ..event import Codec
from ..limits import RESEND_S
from ..operations import Ask, Elsewhere, Steps, Tell
from ..outbox import Post
from ..pending import Pending
from ..registry import E
from ..transactions import Batch, Commit, append_steps, batch_of, decode_text, raw_batch_of
from ..wire.requests import Request
from .pool import Pool

T = TypeVar("T")


class Result(Generic[T]):
    """What an operation in a pipeline will have given."""

    def __init__(self, pipeline: Pipeline[Any]) -> None:
        self._pipeline = pipeline
        self._value: T
        self._error: EverstoreError | None = None
        self.is_done = False
        self.was_asked = False

    def result(self) -> T:
        """Wait for it; raises what the operation would have raised outside of a pipeline."""
        self.was_asked = True
        self._pipeline.finish(self)
        if self._error:
            raise self._error
        return self._value

    def succeed(self, value: T) -> None:
        self._value = value
        self.is_done = True

    def fail(self, error: EverstoreError) -> None:
        self._error = error
        self.is_done = True

    def unasked_error(self) -> EverstoreError | None:
        return None if self.was_asked else self._error


class Flight:
    """One operation under way: its steps, the request that it waits for, and where its result goes."""

    def __init__(self, journal: str, steps: Steps[Any], result: Result[Any]) -> None:
        self.journal = journal
        self.steps = steps
        self.result = result
        self.pending: Pending | None = None
        self.began = time.monotonic()


class Pipeline(Generic[E]):
    """`Client.pipeline` makes it. For one thread. What only asks is not repeated in it; what writes is sent again where
    the server knows it again.

    Operations on different journals are under way at once. Those on one journal follow each other: two appends at once
    would be two transactions that do not see each other, and the second would conflict.
    At a clean end of its block everything is finished, and the first error that no `result()` has raised is raised.
    """

    def __init__(self, pool: Pool, codec: Codec[E], requests: int) -> None:
        self._pool = pool
        self._connection = pool.take()
        self._codec = codec
        self._most = requests
        self._flights: dict[Flight, None] = {}
        self._of_journal: dict[str, deque[Flight]] = {}  # the first of each is under way, the others wait for it
        self._landed: deque[Flight] = deque()
        self._stranded: list[tuple[Flight, float]] = []
        self._failed: list[Result[Any]] = []

    def append(self, journal: str, *events: object, must_be_new: bool = False) -> Result[Commit]:
        """As `Client.append`."""
        return self._append(journal, batch_of(self._codec, events), must_be_new)

    def append_raw(self, journal: str, *lines: str, must_be_new: bool = False) -> Result[Commit]:
        """As `Client.append_raw`."""
        return self._append(journal, raw_batch_of(lines), must_be_new)

    def read(self, journal: str, since: int = 0) -> Result[list[E]]:
        """As `Client.read`."""
        return self._start(journal, self._read_steps(journal, since))

    def exists(self, journal: str) -> Result[bool]:
        """As `Client.exists`."""
        return self._start(journal, operations.exists(journal))

    def perform(self, journal: str, steps: Steps[T]) -> Result[T]:
        """Any operation on a journal, given as its steps: see `everstore_client.operations`."""
        return self._start(journal, steps)

    def finish(self, result: Result[Any] | None = None) -> None:
        """Go on until this result, or everything, is done."""
        while self._flights and not (result and result.is_done):
            self._land()

    def abandon(self) -> None:
        """Wait for nothing any more. A commit that is under way may still happen: its outcome is unknown."""
        error = ConnectionLost("the pipeline was left before the answer came")
        error.sent = True
        self._fail_all(error)
        stranded, self._stranded = self._stranded, []
        for flight, _ in stranded:
            self._advance(flight, error=error)
        self._connection.flush()

    def raise_unasked(self) -> None:
        for error in filter(None, (result.unasked_error() for result in self._failed)):
            raise error

    def _append(self, journal: str, batch: Batch, must_be_new: bool) -> Result[Commit]:
        return self._start(journal, append_steps(journal, self._codec, must_be_new, batch))

    def _read_steps(self, journal: str, since: int) -> Steps[list[E]]:
        text = yield from operations.read_journal(journal, choice_of(since), timestamps=False)
        return decode_text(text, self._codec, timestamps=False)

    def _start(self, journal: str, steps: Steps[T]) -> Result[T]:
        result: Result[T] = Result(self)
        flight = Flight(journal, steps, result)
        self._flights[flight] = None
        queue = self._of_journal.setdefault(journal, deque())
        queue.append(flight)
        if len(queue) == 1:
            self._advance(flight)
        while len(self._flights) >= self._most:
            self._land()
        return result

    def _land(self) -> None:
        """Wait until something is answered, and take each answered operation one step on."""
        if self._stranded:
            self._go_elsewhere()
        try:
            self._connection.wait(lambda: bool(self._landed or self._stranded), self._connection.timeout_s)
        except EverstoreError as error:
            self._fail_all(error)
        while self._landed:
            flight = self._landed.popleft()
            if flight.pending and flight.pending.done:
                self._take_on(flight, flight.pending)

    def _go_elsewhere(self) -> None:
        stranded, self._stranded = self._stranded, []
        self._pause(max(pause_s for _, pause_s in stranded))
        lost: EverstoreError | None = None
        try:
            if not self._connection.is_alive():
                self._connection = self._pool.take()
        except EverstoreError as error:
            lost = error
            self._fail_waiting(error)
        until = time.monotonic() - min(self._pool.address.timeout_s, RESEND_S)
        for flight, _ in stranded:
            late = Timeout("no more may be sent again by now") if flight.began < until else None
            self._advance(flight, error=lost or late)

    def _pause(self, pause_s: float) -> None:
        """Others may land meanwhile, as long as there is a connection to hear of them."""
        if not self._connection.is_alive():
            time.sleep(pause_s)
            return
        with suppress(Timeout):
            self._connection.wait(lambda: not self._connection.is_usable, pause_s)

    def _take_on(self, flight: Flight, pending: Pending) -> None:
        flight.pending = None
        try:
            reply = pending.result()
        except EverstoreError as error:
            self._advance(flight, error=error)
        else:
            self._advance(flight, reply)

    def _advance(self, flight: Flight, reply: Any = None, error: EverstoreError | None = None) -> None:
        """Send a reply or an error into the steps, then say what they want said next."""
        try:
            step = flight.steps.throw(error) if error else flight.steps.send(reply)
            while not isinstance(step, Elsewhere):
                if isinstance(step, Tell | Ask):
                    step = flight.steps.send(self._connection.say(step))
                elif refused := self._ask(flight, step):
                    step = flight.steps.throw(refused)
                else:
                    return
            self._stranded.append((flight, step.pause_s))
        except StopIteration as end:
            flight.result.succeed(end.value)
            self._leave(flight)
        except EverstoreError as failure:
            self._fail(flight, failure)
            self._leave(flight)

    def _ask(self, flight: Flight, step: Request[Any] | Post) -> EverstoreError | None:
        """Say it, unless that cannot be done: then why."""
        try:
            flight.pending = self._connection.ask(step, lambda: self._landed.append(flight))
        except EverstoreError as error:
            return error
        return None

    def _leave(self, flight: Flight) -> None:
        """A flight has ended: the next one on its journal takes off."""
        self._flights.pop(flight, None)
        queue = self._of_journal[flight.journal]
        queue.popleft()
        if queue:
            self._advance(queue[0])
        else:
            del self._of_journal[flight.journal]

    def _fail(self, flight: Flight, failure: EverstoreError) -> None:
        self._failed.append(flight.result)
        flight.result.fail(failure)

    def _fail_waiting(self, error: EverstoreError) -> None:
        """Those that have not begun, and must not: each would wait for the server again."""
        for queue in self._of_journal.values():
            while len(queue) > 1:
                waiting = queue.pop()
                del self._flights[waiting]
                self._fail(waiting, error)

    def _fail_all(self, error: EverstoreError) -> None:
        self._fail_waiting(error)
        for flight in list(self._flights):
            if flight.pending and not flight.pending.done:
                self._connection.forget(flight.pending)
                flight.pending = None
                self._advance(flight, error=error)
