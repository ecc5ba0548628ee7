"""A server with a certificate of a CA of its own, for the tests of TLS: says where it is on a line of JSON, and ends
with its standard input.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "adapters/python"), str(REPOSITORY / "tests")]

from support import certificates  # noqa: E402 - found by the line above
from support.server import RunningServer  # noqa: E402


def rsa_key(path: Path) -> tuple[object, ...]:
    """Mono knows elliptic curves in TLS itself, but not in the chain of certificates that a CA file asks for."""
    return ("-newkey", "rsa:2048", "-nodes", "-keyout", path)


certificates._new_key = rsa_key  # noqa: SLF001


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="everstore-tls-") as folder:
        authority = certificates.Authority(Path(folder) / "ca")
        stranger = certificates.Authority(Path(folder) / "stranger")
        issued = authority.issue(names="DNS:localhost")
        options = {"tls_certificate": issued.certificate, "tls_key": issued.key}
        with RunningServer(Path(folder) / "journals", **options) as server:
            told = {"port": server.port, "ca": str(authority.ca), "stranger": str(stranger.ca)}
            print(json.dumps(told), flush=True)  # noqa: T201 - this is how it speaks
            sys.stdin.read()


if __name__ == "__main__":
    main()
