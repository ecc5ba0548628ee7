"""Runs `everstore` so that it ends at the first file which it would open for writing, make, rename or remove.

Permissions would not do: tests may run as root, whom they do not hold back.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from everstore.cli.main import main

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGING = {"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"}


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if (event == "open" and arguments[2] & _WRITING) or event in _CHANGING:
        raise AssertionError(f"{event} {arguments}")


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    sys.addaudithook(_refuse)
    main()
