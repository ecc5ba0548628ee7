"""Journal names, the files they stand for, and the workers that own them: `/user/42` is `user/42.log` below the journal
directory.

Two names never meet in one file or directory. That is why a component `.` is refused (`/./a` would be the file of
`/a`, owned by another worker), why only the last component may end in `.log` (`/a.log/b` needs a directory where
`/a` has its file), and why the server's own folder is nobody's first component.
"""

from __future__ import annotations

import re
from zlib import crc32

from everstore import limits
from everstore.errors import Code, Refused

SUFFIX = ".log"
OWN_FOLDER = ".everstore"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLAIN = re.compile(rb"(?:/[A-Za-z0-9_-]{1,%d})+" % limits.COMPONENT_BYTES_MAX)


_GOLDEN = 0x9E3779B1


def owner(name: bytes, workers: int) -> int:
    """The worker of a journal, from 1 to `workers`: a hash of its name. Clients compute it, too (see PROTOCOL.md).

    CRC-32 alone is linear, so that names which differ in few bits could fall on few workers; the multiplication mixes
    its bits before the highest ones are used. The original took the sum of the name's bytes, and one worker of five
    got nearly all.
    """
    return ((crc32(name) * _GOLDEN & 0xFFFFFFFF) * workers >> 32) + 1


def path_of(name: bytes) -> str:
    """The path of a journal's file, relative to the journal directory.

    Raises:
        Refused: the name is not valid (code 8); the reason says which rule it breaks.
    """
    fault = fault_of(name)
    if fault:
        raise Refused(Code.NAME_INVALID, fault)
    return name[1:].decode() + SUFFIX


def name_of(path: str) -> bytes | None:
    """The journal whose file has this relative path, or None when it is no journal's."""
    if not path.endswith(SUFFIX):
        return None
    name = ("/" + path.removesuffix(SUFFIX)).encode(errors="surrogateescape")
    return None if fault_of(name) else name


def fault_of(name: bytes) -> str:
    """What is wrong with a name; empty when it is valid."""
    if _PLAIN.fullmatch(name) and len(name) <= limits.NAME_BYTES_MAX:
        return ""  # as nearly all are
    if not limits.NAME_BYTES_MIN <= len(name) <= limits.NAME_BYTES_MAX:
        return f"a name has {limits.NAME_BYTES_MIN} to {limits.NAME_BYTES_MAX} bytes, not {len(name)}"
    try:
        text = name.decode()
    except UnicodeDecodeError as error:
        return f"a name is UTF-8; byte {error.start} is not"
    if text[0] != "/":
        return "a name begins with /"
    if text[-1] == "/" or "//" in text or ".." in text:
        return "a name has no //, no .. and no / at its end"
    if _CONTROL.search(text):
        return "a name has no control characters"
    return _fault_of_components(text[1:].split("/"))


def _fault_of_components(components: list[str]) -> str:
    if components[0] == OWN_FOLDER:
        return f"{OWN_FOLDER} is the server's own folder"
    if any(len(component.encode()) > limits.COMPONENT_BYTES_MAX for component in components):
        return f"between two / there are at most {limits.COMPONENT_BYTES_MAX} bytes"
    if any(component == "." for component in components):
        return "a component of a name is not ."
    if any(component.endswith(SUFFIX) for component in components[:-1]):
        return f"only the last component of a name may end in {SUFFIX}"
    return ""
