from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from support import figures
from support.fakes.disk import AbandonedDisk


@pytest.fixture(autouse=True)
def no_store_of_a_test_outlives_it() -> Iterator[None]:
    yield
    AbandonedDisk.abandon_all()


@pytest.fixture(autouse=True)
def no_command_of_a_test_decides_what_is_logged_behind_it() -> Iterator[None]:
    logger = logging.getLogger("everstore")
    level, propagates, handlers = logger.level, logger.propagate, logger.handlers[:]
    yield
    logger.setLevel(level)
    logger.propagate, logger.handlers[:] = propagates, handlers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast ones first: most mistakes are found by them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if figures.lines:
        terminalreporter.section("figures")
        terminalreporter.write("".join(f"{line}\n" for line in figures.lines))
