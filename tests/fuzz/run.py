"""Fuzzes one target, guided by the branches that it takes: `run.py TARGET [libFuzzer's options and corpora]`."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["everstore"]):
    from fuzz.targets import TARGETS

if __name__ == "__main__":
    name = sys.argv.pop(1)
    sys.argv[0] = f"{sys.executable} {__file__} {name}"  # how a merge (-merge=1 NEW OLD) runs it again
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()
