"""The stage of the contract, as a process: what is said to it, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

STAGE = Path(__file__).parents[3] / "contract" / "stage.py"


class Stage:
    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, STAGE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def tell(self, **command: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        assert "error" not in answer, answer
        return answer

    def close(self) -> None:
        assert self._process.stdout is not None
        self._process.communicate()
        self._process.stdout.close()
        assert self._process.returncode == 0
