"""Certificates for tests, made by `openssl`: a CA of its own and servers that it vouches for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

DAYS = "30"


class Issued(NamedTuple):
    """Paths of PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A CA in a folder; `ca` is its certificate."""

    def __init__(self, folder: Path) -> None:
        if not shutil.which("openssl"):
            pytest.skip("openssl is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.ca = folder / "ca.pem"
        self._key = folder / "ca.key"
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        _openssl("req", "-x509", *_new_key(self._key), "-days", DAYS, "-subj", "/CN=Test CA", *usage, "-out", self.ca)

    def issue(self, name: str = "server", names: str = "DNS:localhost,IP:127.0.0.1") -> Issued:
        """A certificate for these alternative names of a server."""
        issued = Issued(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request, extensions = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        _openssl("req", *_new_key(issued.key), "-subj", f"/CN={name}", "-out", request)
        signer = ("-CA", self.ca, "-CAkey", self._key, "-CAcreateserial")
        signed = ("-days", DAYS, "-extfile", extensions, "-out", issued.certificate)
        _openssl("x509", "-req", "-in", request, *signer, *signed)
        return issued


def _new_key(path: Path) -> tuple[object, ...]:
    return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path)


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60)
