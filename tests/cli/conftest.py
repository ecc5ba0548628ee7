from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.server import RunningServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with RunningServer(tmp_path_factory.mktemp("cli") / "journals") as running:
        yield running


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory that no server has ever seen."""
    folder = tmp_path / "journals"
    folder.mkdir()
    return folder
