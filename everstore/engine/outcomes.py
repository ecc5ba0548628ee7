"""Exactly once: what became of the appends that a client may send again, because a connection or a server broke before
it heard of them.

A client names its appends by a sequence of its own, and tells with each request below which number it knows all the
outcomes; only those behind that are remembered, for `limits.OUTCOMES_S` at least, though the worker or the server dies
meanwhile (see storage/remembered.py). Only what was written is remembered: to decide a conflict or an error again
writes nothing twice.
"""

from __future__ import annotations

from collections import OrderedDict

from everstore import limits
from everstore.clock import Clock
from everstore.errors import Code, Refused
from everstore.storage.remembered import Outcomes as OfClient
from everstore.storage.remembered import Remembered


class _Known:
    __slots__ = ("of_client", "used")

    def __init__(self, of_client: OfClient, used: float) -> None:
        self.of_client = of_client
        self.used = used


class Outcomes:
    """Those of one worker. `run`: this life of the server; `recovered`: what is known of the ones before."""

    def __init__(self, clock: Clock, run: int, recovered: Remembered) -> None:
        self._clock = clock
        self._run = run
        self._began = clock.monotonic()
        self._complete = recovered.complete
        self._clients = OrderedDict(
            (client, _Known(outcomes, self._began)) for client, outcomes in recovered.clients.items()
        )
        self._new: list[tuple[OfClient, int, int, bytes]] = []

    def of(self, client: bytes, answered: int) -> OfClient:
        """A client's outcomes, now that it knows those below `answered`.

        Raises:
            Refused: too many clients are remembered already (code 15).
        """
        now = self._clock.monotonic()
        known = self._clients.get(client)
        if known is None:
            self._forget_idle(now)
            if len(self._clients) >= limits.OUTCOME_CLIENTS_MAX:
                raise Refused(
                    Code.CANNOT_WRITE, f"{len(self._clients)} clients have appended lately, more than allowed"
                )
            known = self._clients[client] = _Known(OfClient(), now)
        known.used = now
        self._clients.move_to_end(client)
        outcomes = known.of_client
        outcomes.answered = max(outcomes.answered, answered)
        if len(outcomes.done) > limits.OUTCOMES_PER_CLIENT_MAX // 2:
            # Not each time: that would look at all of them for every request.
            outcomes.done = _unheard(outcomes)
        return outcomes

    def find(self, outcomes: OfClient, sequence: int, run: int) -> int | None:
        """The journal's size behind an append that was done before, or None for one that has to be decided.

        Raises:
            Refused: nobody knows whether it was done before (code 1); too many outcomes wait to be heard of, and it was
                not done (code 15); the client has heard of it already (code 17).
        """
        if sequence < outcomes.answered:
            raise Refused(Code.APPEND_INVALID, f"its client says that it knows the outcome of append {sequence}")
        done = outcomes.done.get(sequence)
        if done is not None:
            return done
        if run != self._run and not self._complete and self._clock.monotonic() - self._began < limits.OUTCOMES_S:
            raise Refused(Code.UNKNOWN, "it was first sent to a server of which too little is known")
        if len(outcomes.done) >= limits.OUTCOMES_PER_CLIENT_MAX:
            raise Refused(Code.CANNOT_WRITE, f"its client has not said that it knows of {len(outcomes.done)} others")
        return None

    def note(self, outcomes: OfClient, sequence: int, journal: bytes, end: int) -> None:
        """An append is to be done by the batch under way."""
        outcomes.done[sequence] = end
        self._new.append((outcomes, sequence, end, journal))

    def settle(self, without_room: set[bytes]) -> None:
        """The batch is over; for these journals there was no room."""
        for outcomes, sequence, _, journal in self._new:
            if journal in without_room:
                del outcomes.done[sequence]
        self._new.clear()

    def remembered(self) -> Remembered:
        """What is durable by now; nothing of the batch under way."""
        now = self._clock.monotonic()
        self._forget_idle(now)
        complete = self._complete or now - self._began >= limits.OUTCOMES_S
        under_way: dict[int, set[int]] = {}
        for outcomes, sequence, _, _ in self._new:
            under_way.setdefault(id(outcomes), set()).add(sequence)
        clients: dict[bytes, OfClient] = {}
        for client, known in self._clients.items():
            of_client = known.of_client
            left_out = under_way.get(id(of_client), set())
            done = {sequence: end for sequence, end in _unheard(of_client).items() if sequence not in left_out}
            clients[client] = OfClient(of_client.answered, done)
        return Remembered({}, clients, complete)

    def _forget_idle(self, now: float) -> None:
        while self._clients:
            client, known = next(iter(self._clients.items()))
            if now - known.used < limits.OUTCOMES_S:
                break
            del self._clients[client]


def _unheard(outcomes: OfClient) -> dict[int, int]:
    """Those that the client does not know yet."""
    return {sequence: end for sequence, end in outcomes.done.items() if sequence >= outcomes.answered}
