"""The sweep misses no call: whatever the storage layer asks of the system is called in a life without faults, and so is
failed.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from faults.calls import HARMLESS, MODULES, STOOD_IN_FOR
from faults.sweep import Case, run
from faults.test_sweep import PLACES

from everstore.storage import disk

STORAGE = Path(disk.__file__).parent
MAY_ASK = {"os", "fcntl", "mmap", "ctypes", "_libc", "resource"}
ANSWERS = {"CDLL", "get_errno", "getrlimit"}
"""Of these modules, what asks for nothing that a disk could refuse."""


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def calls_in(path: Path) -> set[str]:
    """What a module calls of the system, as the sweep names it."""
    called = {dotted(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)}
    asked = {name for name in called if name == "open" or name.partition(".")[0] in MAY_ASK}
    return {f"{path.stem}.{name}" for name in asked if name.rpartition(".")[2] not in HARMLESS | ANSWERS}


@pytest.mark.slow
def test_every_call_of_the_storage_layer_is_in_the_sweep() -> None:
    quiet = [run(Case(program, state, 0)) for program, state in PLACES]
    swept = {call for found in quiet for call in found.uses}
    written = {call for path in STORAGE.glob("*.py") for call in calls_in(path)}
    assert len(written) > 40
    assert written - swept == set()


def test_the_storage_layer_reaches_the_system_only_where_the_sweep_stands() -> None:
    others = {"io", "pathlib", "shutil", "tempfile", "subprocess", "socket", "posix", "select", "glob"}
    for path in STORAGE.glob("*.py"):
        tree = ast.parse(path.read_text())
        imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        sources = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not (imported | sources) & others, path
        assert not sources & {"os", "fcntl", "mmap", "ctypes"}, f"{path} calls past the name that is stood in for"
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == {
        path.stem for path in STORAGE.glob("*.py") if path.stem != "__init__"
    }
    assert set(STOOD_IN_FOR) >= MAY_ASK - {"ctypes", "resource"}
