"""JSON as it stands in a journal: compact, on one line, readable."""

from __future__ import annotations

import json
from typing import Any

from .errors import NotAcceptable, UnreadableEvent
from .structure import plain_form

_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=plain_form)


def dump(value: Any) -> str:
    """One line of JSON. Dataclasses, attrs and pydantic objects, dates, enums, decimals and UUIDs may stand in it.

    Raises:
        NotAcceptable: JSON cannot say it.
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotAcceptable(f"an event's data has no JSON form: {error}") from error


def load(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        UnreadableEvent: it is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvent(f"an event's data is not JSON: {error}") from error
