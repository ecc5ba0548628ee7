"""The `everstore` command as a person runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

SECONDS_MAX = 60


def everstore(
    *arguments: object, stdin: str | bytes = b"", port: int = 1, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run it to its end; the result has `returncode`, `stdout` and `stderr`. It talks to the server on `port`."""
    finished = subprocess.run(
        command(*arguments),
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        env=environment(port, **variables),
        timeout=SECONDS_MAX,
        check=False,
    )
    return subprocess.CompletedProcess(
        finished.args, finished.returncode, finished.stdout.decode(), finished.stderr.decode()
    )


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "everstore.cli.main", *map(str, arguments)]


def environment(port: int, **variables: str) -> dict[str, str]:
    """The environment of this process with the server's address in it, and nothing else of Everstore's."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("EVERSTORE_")}
    return {**others, "EVERSTORE_URL": f"everstore://127.0.0.1:{port}", **variables}
