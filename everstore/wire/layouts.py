"""Numbers and layouts of the protocol. The byte pictures stand in PROTOCOL.md; nothing here has a behaviour."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import Final

HELLO: Final = bytes((0, 1, 1))
"""Little endian, version 1, authenticate first."""

HEADER: Final = Struct("<5I")
"""type, size, requestUID, properties, workerUID."""
HEADER_BYTES: Final = 20

MULTIPART: Final = 1
COMPRESSED: Final = 2
WITH_TIMESTAMPS: Final = 4


class Type(IntEnum):
    """Request types; a reply carries its request's, or ERROR."""

    ERROR = 1
    AUTHENTICATE = 3
    NEW_TRANSACTION = 4
    COMMIT = 5
    ROLLBACK = 6
    READ = 7
    EXISTS = 8
    STATUS = 32
    LIST = 33
    NATIVE = 34
    APPEND = 35
    FETCH = 36
    LANE = 37


LANE_BYTES: Final = 4
"""Of the body of a request for a lane."""

U32: Final = Struct("<I")
U32_2: Final = Struct("<2I")
U32_3: Final = Struct("<3I")
U32_4: Final = Struct("<4I")
