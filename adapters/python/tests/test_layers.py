"""A module imports only what stands above it in this list; what is pure imports nothing that can block."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import everstore_client

PACKAGE = Path(everstore_client.__file__).parent
SHELL = ("connection", "pool", "performer", "streams", "transaction", "pipeline", "client", "repository")
PURE = (
    *("errors", "limits", "names", "address"),
    *("wire", "wire.layouts", "wire.frames", "wire.native_replies", "wire.replies", "wire.requests"),
    *("wire.native_requests", "pending", "senders", "outbox", "conversation"),
    *("structure", "json_text", "event", "choice", "lines", "registry", "operations", "retry", "appending"),
    *("transactions", "reading", "lanes"),
    *("pooling", "snapshots", "folding"),
)
ORDER = [
    *PURE,
    "tls",
    "aio",
    "aio.bell",
    "aio.patience",
    "blocking",
    "blocking.link",
    "blocking.lane",
    *(f"{shell}.{name}" for name in SHELL for shell in ("aio", "blocking")),
]
CAN_BLOCK = {"socket", "selectors", "time", "anyio", "asyncio", "trio", "subprocess"}
MODULES = sorted(
    str(path.relative_to(PACKAGE).with_suffix("")).replace("/", ".").removesuffix(".__init__")
    for path in PACKAGE.rglob("*.py")
    if path != PACKAGE / "__init__.py"
)


def imports(module: str) -> tuple[set[str], set[str]]:
    """The modules of the package, and the others, that a module imports."""
    path = PACKAGE / f"{module.replace('.', '/')}.py"
    own: set[str] = set()
    others: set[str] = set()
    for node in ast.walk(ast.parse((path if path.exists() else PACKAGE / module / "__init__.py").read_text())):
        if isinstance(node, ast.Import):
            others |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            others.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            own |= resolved(module.split(".")[: -node.level], node)
    return own, others


def resolved(folder: list[str], node: ast.ImportFrom) -> set[str]:
    base = ".".join([*folder, *filter(None, [node.module])])
    named = {f"{base}.{name.name}".lstrip(".") for name in node.names}
    return {name for name in named if name in MODULES} or {base}


def test_every_module_has_its_place() -> None:
    assert set(MODULES) <= set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_from_above_itself(module: str) -> None:
    own, others = imports(module)
    assert all(ORDER.index(each) < ORDER.index(module) for each in own)
    if module in PURE:
        assert not others & CAN_BLOCK
    shells = {"aio", "blocking"} - {module.split(".")[0]}
    assert not any(each.startswith(tuple(shells)) for each in own)


def run_python(program: str) -> str:
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, cwd=PACKAGE.parent, check=True).stdout


def test_the_blocking_client_does_without_anyio() -> None:
    loaded = run_python("import sys, everstore_client; print([n for n in sys.modules if n in ('anyio', 'trio')])")
    assert loaded.strip() == "[]"


def test_without_anyio_the_extra_is_named() -> None:
    program = """
import sys
sys.modules["anyio"] = None
try:
    from everstore_client import connect_async
except ImportError as error:
    print(error)
"""
    assert run_python(program).strip() == "connect_async needs anyio: install everstore_client[async]"


def test_every_public_name_is_there() -> None:
    assert all(hasattr(everstore_client, name) for name in everstore_client.__all__)
    with pytest.raises(AttributeError):
        _ = everstore_client.no_such_name
