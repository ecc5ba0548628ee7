"""The protocol's numbers, and its integers in either byte order.

```
hello (server, 3 bytes)   byte order (0 little, 1 big), version (1), login (1 when the client must authenticate)
header (20 bytes)         type, size, requestUID, properties, workerUID, then `size` bytes of body
```
"""

from __future__ import annotations

from struct import Struct
from typing import Final

VERSION: Final = 1
HELLO_BYTES: Final = 3
HEADER_BYTES: Final = 20

ERROR: Final = 1
AUTHENTICATE: Final = 3
NEW_TRANSACTION: Final = 4
COMMIT: Final = 5
ROLLBACK: Final = 6
READ: Final = 7
EXISTS: Final = 8
STATUS: Final = 32
LIST: Final = 33
NATIVE: Final = 34
APPEND: Final = 35
FETCH: Final = 36
LANE: Final = 37

MULTIPART: Final = 1
COMPRESSED: Final = 2
TIMESTAMPS: Final = 4


class Order:
    """The protocol's integers in one byte order; a server names its own in the hello."""

    def __init__(self, mark: str) -> None:
        self.header = Struct(mark + "5I")
        self.numbers = [Struct(f"{mark}{count}I") for count in range(6)]

    def pack(self, *values: int) -> bytes:
        return self.numbers[len(values)].pack(*values)


LITTLE: Final = Order("<")
BIG: Final = Order(">")
ORDERS: Final = {0: LITTLE, 1: BIG}
