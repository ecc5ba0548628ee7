"""Runs tests under coverage.py and notes which of them runs which line, and for how long: `covered.py NOTES TESTS…`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest


class Notes:
    """`seconds`: what each test took, with its fixtures and for all its parameters. These may come of the product, and
    be others for a mutant, so a test is known by its id without them.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        measuring = coverage.Coverage.current()
        assert measuring is not None
        test = item.nodeid.partition("[")[0]
        measuring.switch_context(test)
        started = time.monotonic()
        result = yield
        self.seconds[test] = self.seconds.get(test, 0.0) + time.monotonic() - started
        measuring.switch_context("")
        return result


if __name__ == "__main__":
    notes = Notes()
    code = pytest.main(["-q", "-p", "no:cacheprovider", "-m", "not slow", *sys.argv[2:]], plugins=[notes])
    Path(sys.argv[1]).write_text(json.dumps(notes.seconds))
    sys.exit(code)
