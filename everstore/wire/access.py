"""What a user may do: a pure rule over decoded requests.

A prefix ends in `/` and covers what lies below it: `/orders/` covers `/orders/1`, and neither `/orders2` nor the
journal `/orders`, which is no part of that folder. Names are compared as they came: one that could mean a file
elsewhere, such as `/orders/../x`, is no valid name and refused by every worker.
"""

from __future__ import annotations

from dataclasses import dataclass

from everstore.errors import Code, Refused
from everstore.log import shown
from everstore.wire import native, requests
from everstore.wire.frames import Frame
from everstore.wire.layouts import Type

_READS_ONLY = "the user may only read"


@dataclass(frozen=True, slots=True)
class Grant:
    """`prefixes`: those of the journals that may be used; none means all."""

    writes: bool
    prefixes: tuple[bytes, ...] = ()

    @property
    def is_unlimited(self) -> bool:
        return self.writes and not self.prefixes

    def admit(self, frame: Frame) -> Frame:
        """The request as it may be routed: a listing may come back narrowed to the user's prefixes.

        Raises:
            Refused: the user may not do that (code 16), or the request is malformed.
        """
        kind, body = frame[0], frame[5]
        if kind == Type.COMMIT and not self.writes:
            _require_empty(body)
        if kind == Type.APPEND and not self.writes:
            raise Refused(Code.NOT_ALLOWED, _READS_ONLY)
        if self.prefixes:
            if kind == Type.LIST:
                return self._narrowed(frame)
            if kind == Type.APPEND:
                for name in native.names(body):
                    self._require_within(name)
            if requests.routed_by_name(kind):
                self._require_within(requests.name_for_routing(kind, body))
        return frame

    def _require_within(self, name: bytes) -> None:
        if not name.startswith(self.prefixes):
            raise Refused(Code.NOT_ALLOWED, f"the user may not touch {shown(name)}")

    def _narrowed(self, frame: Frame) -> Frame:
        kind, _, uid, properties, worker, body = frame
        prefix, after, most = requests.listing(body)
        asked = prefix.split(b"\n")
        found = dict.fromkeys(each for one in asked for each in self._common(one))
        if not found:
            raise Refused(Code.NOT_ALLOWED, f"the user may not list {shown(prefix)}")
        body = requests.listing_body(b"\n".join(found), after, most)
        return kind, len(body), uid, properties, worker, body

    def _common(self, prefix: bytes) -> list[bytes]:
        """The prefixes of what both the user may touch and `prefix` asks for."""
        if prefix.startswith(self.prefixes):
            return [prefix]
        return [each for each in self.prefixes if each.startswith(prefix)]


def _require_empty(commit: bytes) -> None:
    """A reader may end its transaction as every client does, by committing nothing."""
    if requests.commit(commit)[3] < len(commit):
        raise Refused(Code.NOT_ALLOWED, _READS_ONLY)
