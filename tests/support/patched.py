"""Code of a test's own that runs in each of a server's processes before the server does: as `sitecustomize`."""

from __future__ import annotations

import os
from pathlib import Path


def patched(directory: Path, code: str) -> dict[str, str]:
    """The environment of a server that runs `code` first; it is kept in `directory`, which is made."""
    directory.mkdir()
    (directory / "sitecustomize.py").write_text(code)
    return {**os.environ, "PYTHONPATH": f"{directory}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
