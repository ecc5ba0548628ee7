"""What the README shows is run, block after block, against a real server; and it names whatever is public."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.server import RunningServer

import everstore_client
from everstore_client import Client

README = Path(__file__).parent.parent / "README.md"


def test_every_block_runs(server: RunningServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    program = "\n".join(blocks).replace("localhost:6929", f"127.0.0.1:{server.port}")
    shown: dict[str, object] = {"__name__": "readme"}
    exec(compile(program, README, "exec", dont_inherit=True), shown)
    for client in shown.values():
        if isinstance(client, Client):
            client.close()


@pytest.mark.parametrize("name", everstore_client.__all__)
def test_it_names_whatever_is_public(name: str) -> None:
    assert re.search(rf"\b{name}\b", README.read_text())
