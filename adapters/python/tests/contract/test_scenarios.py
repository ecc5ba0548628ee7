"""Every scenario of the contract, through both clients, with one worker and with five."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio

from ..conftest import CONTRACT
from . import clients
from .scenario import Scenario
from .stage import Stage

SCENARIOS = {path.stem: json.loads(path.read_text()) for path in sorted((CONTRACT / "scenarios").glob("*.json"))}
CASES = [(name, protocol) for name, each in SCENARIOS.items() for protocol in each.get("protocols", ["native"])]


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.close()


@pytest.mark.parametrize("connect", [clients.blocking, clients.asynchronous])
@pytest.mark.parametrize("workers", [1, 5])
@pytest.mark.parametrize(("name", "protocol"), CASES)
def test_scenario(stage: Stage, name: str, protocol: str, workers: int, connect: Callable[..., Any]) -> None:
    scenario = SCENARIOS[name]
    options = {option: scenario[option] for option in ("cutting", "killing") if option in scenario}
    port = stage.tell(do="start", workers=workers, protocol=protocol, **options)["port"]
    trio.run(Scenario(scenario, stage, port, connect).play)
