"""What may be a journal's name, and what an event's type: the server's rules, checked before anything is sent."""

from __future__ import annotations

import functools
import re

from .errors import InvalidJournalName, NotAcceptable
from .limits import COMPONENT_BYTES_MAX, NAME_BYTES_MAX, NAME_BYTES_MIN

NEW_JOURNAL = "ES_NewJournal"
"""The type that the commit which creates a journal declares besides its own."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_SERVER_FOLDER = ".everstore"


def journal_bytes(name: str) -> bytes:
    """The name as it crosses the wire.

    Raises:
        InvalidJournalName: with the rule that it breaks.
    """
    data, flaw = _encoded(name)
    flaw = flaw or _flaw_of_whole(name, data) or _flaw_of_components(name)
    if flaw:
        raise InvalidJournalName(f"{name!r} is no journal name: {flaw}")
    return data


def prefix_bytes(prefix: str) -> bytes:
    """The start of names as it crosses the wire; anything that is UTF-8 and not over-long, since it opens no file."""
    data, flaw = _encoded(prefix)
    if flaw or len(data) > NAME_BYTES_MAX:
        raise InvalidJournalName(f"{prefix!r} is no prefix of journal names: {flaw or 'it is too long'}")
    return data


def _encoded(name: str) -> tuple[bytes, str]:
    try:
        return name.encode(), ""
    except UnicodeEncodeError:
        return b"", "it has no UTF-8 form"


def _flaw_of_whole(name: str, data: bytes) -> str:
    if not NAME_BYTES_MIN <= len(data) <= NAME_BYTES_MAX:
        return f"it has {len(data)} bytes, allowed are {NAME_BYTES_MIN} to {NAME_BYTES_MAX}"
    if not name.startswith("/"):
        return "it does not start with /"
    if name.endswith("/"):
        return "it ends in /"
    if ".." in name or "//" in name:
        return "it holds .. or //"
    if _CONTROL.search(name):
        return "it holds a control character"
    return ""


def _flaw_of_components(name: str) -> str:
    components = name[1:].split("/")
    if components[0] == _SERVER_FOLDER:
        return f"{_SERVER_FOLDER} is the server's own folder"
    if "." in components:
        return "a component is ."
    if any(len(component.encode()) > COMPONENT_BYTES_MAX for component in components):
        return f"a component is over {COMPONENT_BYTES_MAX} bytes"
    if any(component.endswith(".log") for component in components[:-1]):
        return "a component before the last ends in .log"
    return ""


@functools.lru_cache(maxsize=4096)
def event_type(name: str) -> str:
    """`name` itself, once it is known to be a type that fits on a journal's line and into a commit's list of types.

    Raises:
        NotAcceptable: it is empty, or holds a space, a comma or a control character.
    """
    if not name:
        raise NotAcceptable("an event's type is empty")
    if "," in name or " " in name or _CONTROL.search(name):
        raise NotAcceptable(f"the event type {name!r} holds a space, a comma or a control character")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise NotAcceptable(f"the event type {name!r} has no UTF-8 form") from None
    return name
