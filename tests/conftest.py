from __future__ import annotations

from collections.abc import Iterator

import pytest
from support import figures
from support.fakes.disk import AbandonedDisk


@pytest.fixture(autouse=True)
def no_store_of_a_test_outlives_it() -> Iterator[None]:
    yield
    AbandonedDisk.abandon_all()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.lines:
        terminalreporter.section("figures")
        terminalreporter.write("".join(f"{line}\n" for line in figures.lines))
