"""A real server with other limits than the product's, so that a test need not wait for them, or with a clock that can
be turned.

    with AlteredServer(journals, limits={"FRAME_S_MAX": 1.0}) as server:
        server.turn_clock(86_400)

The server reads its limits and the time when it needs them, so both are changed in its process before it starts. Only
what it asks for is turned: the times of files are the machine's, and the monotonic clock is left alone.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from support.server import RunningServer

_LAUNCH = """
import json, sys, time
from everstore import limits
changed, clock = json.loads(sys.argv.pop(1)), sys.argv.pop(1)
for name, value in changed.items():
    assert hasattr(limits, name), name
    setattr(limits, name, value)
def turned_s():
    with open(clock) as file:
        return int(file.read() or 0)
real, real_ns = time.time, time.time_ns
time.time = lambda: real() + turned_s()
time.time_ns = lambda: real_ns() + turned_s() * 10**9
from everstore.cli.server import main
main()
"""


class AlteredServer(RunningServer):
    """`limits`: by name, what is different."""

    def __init__(self, journals: Path, limits: dict[str, object] | None = None, **options: object) -> None:
        super().__init__(journals, **options)
        self._limits = limits or {}
        self._clock = Path(tempfile.mkstemp(prefix="clock-")[1])

    def turn_clock(self, seconds: int) -> None:
        """From now on its clock is so many seconds ahead of the machine's, or behind."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._clock)

    def command(self) -> list[str]:
        options = super().command()[3:]
        return [sys.executable, "-c", _LAUNCH, json.dumps(self._limits), str(self._clock), *options]

    def close(self) -> None:
        super().close()
        self._clock.unlink()
