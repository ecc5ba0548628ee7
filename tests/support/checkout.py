"""A copy of this checkout as a fresh clone would be: the sources, and nothing that was made from them."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MADE_HERE = shutil.ignore_patterns(
    ".git", ".venv", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", "build", "*.log", ".everstore"
)


def copy_checkout(to: Path) -> Path:
    shutil.copytree(REPOSITORY, to, ignore=MADE_HERE, symlinks=True)
    return to
