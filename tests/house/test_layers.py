"""A file imports only from below itself: see ARCHITECTURE.md."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = [
    {"limits", "errors", "clock", "heap", "log", "config", "__init__"},
    {"wire", "journal"},
    {"storage", "users"},
    {"engine"},
    {"worker"},
    {"supervisor"},
    {"cli", "bench"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
STRANGERS = {"wire": "journal", "journal": "wire"}
FILES = sorted((ROOT / "everstore").rglob("*.py"))
SERVER_PACKAGES = {"everstore", "trio", "orjson", "psutil", "click"}


def imported(path: Path) -> set[str]:
    """The dotted names of all modules that a file imports, relative ones aside."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(path: Path) -> str:
    return path.relative_to(ROOT / "everstore").parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_imports_only_from_below_itself(path: Path) -> None:
    own = layer(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "everstore_client":
            assert own in ("cli", "bench"), "only the commands talk to a server"
        if parts[0] == "everstore" and parts[1] in LEVEL:
            assert LEVEL[parts[1]] <= LEVEL[own], f"{name} is above"
            assert parts[1] != STRANGERS.get(own), "wire and journal do not know each other"


def test_the_benchmark_knows_the_server_only_as_a_program_and_nobody_knows_the_benchmark() -> None:
    for path in FILES:
        for name in imported(path):
            if name.startswith("everstore."):
                assert (layer(path) == "bench") is name.startswith("everstore.bench."), f"{path} imports {name}"


def test_the_test_sees_imports() -> None:
    assert "everstore.journal.text.check_events" in imported(ROOT / "everstore/engine/store.py")


def test_the_pure_layers_touch_neither_files_nor_sockets() -> None:
    for path in FILES:
        if layer(path) in ("wire", "journal"):
            modules = {name.split(".")[0] for name in imported(path) - {"io.BytesIO"}}  # which are bytes that grow
            assert not modules & {"socket", "time", "trio", "select", "fcntl", "io", "pathlib"}, path


def test_the_adapter_imports_nothing_of_the_server() -> None:
    for path in (ROOT / "adapters/python/everstore_client").rglob("*.py"):
        assert not {name.split(".")[0] for name in imported(path)} & SERVER_PACKAGES, path
