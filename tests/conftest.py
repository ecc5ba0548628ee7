from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from support import figures
from support.fakes.disk import AbandonedDisk


def pytest_configure() -> None:
    # A shell that runs the tests in its background ignores SIGINT, and what they start would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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


@pytest.fixture(autouse=True)
def no_directory_that_a_test_claims_decides_the_modes_of_files_behind_it() -> Iterator[None]:
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The fast ones first: most mistakes are found by them."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", metavar="FILE", help="append the figures that were reached, and do not print them")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where several processes share a run (xdist), hand over to the first what has been reached in this one."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["figures"] = figures.lines[:]
        figures.lines.clear()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    figures.lines += getattr(node, "workeroutput", {}).get("figures", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    text = "".join(f"{line}\n" for line in figures.lines)
    if file := config.getoption("--figures"):
        with open(file, "a") as behind:
            behind.write(text)
    elif text:
        terminalreporter.section("figures")
        terminalreporter.write(text)
