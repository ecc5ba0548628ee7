"""The table of settings: each row is one option of the command line, one variable of the environment, one key of a
TOML file.

The original server's `settings.conf` keys are the last column but two. A setting that is not in this table does not
exist.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from everstore import limits, log
from everstore.config import values
from everstore.config.values import Parse


@dataclass(frozen=True, slots=True)
class Setting:
    """One row. `original`: the key in the original's settings.conf, or "". `secret`: not an option, since others can
    see those.
    """

    name: str
    default: str
    parse: Parse
    help: str
    metavar: str = "TEXT"
    original: str = ""
    secret: bool = False

    @property
    def variable(self) -> str:
        return "EVERSTORE_" + self.name.replace("-", "_").upper()


def cpus() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


SETTINGS: tuple[Setting, ...] = (
    Setting("host", "127.0.0.1", values.text("an address or a host name", 255), "The address to listen on.", "ADDRESS"),
    Setting("port", "6929", values.whole(0, 65535), "The port to listen on; 0 takes a free one.", "PORT", "port"),
    Setting(
        "journals",
        "./journals",
        values.text("a directory", 4000),
        "The directory of the journals.",
        "DIR",
        "journalDir",
    ),
    Setting(
        "workers",
        str(min(cpus(), limits.WORKERS_MAX)),
        values.whole(1, limits.WORKERS_MAX),
        "Worker processes. Each owns its share of the journals. Default: one for each processor.",
        "N",
        "numWorkers",
    ),
    Setting(
        "durability",
        "fsync",
        values.one_of("fsync", "os"),
        "What an acknowledged commit survives: fsync – a power cut; os – the death of any process, not of the machine.",
        "fsync|os",
    ),
    Setting(
        "user",
        "admin",
        values.text("a user name", limits.CREDENTIAL_BYTES_MAX),
        "The user that clients log in as.",
        "NAME",
    ),
    Setting("password-file", "", values.text("a file", 4000), "A file whose first line is the password.", "FILE"),
    Setting(
        "password",
        "",
        values.text("a password", limits.CREDENTIAL_BYTES_MAX),
        "The password, where no file holds it.",
        secret=True,
    ),
    Setting(
        "users",
        "",
        values.text("a file", 4000),
        "A file of users (everstore users) instead of the one user and password.",
        "FILE",
    ),
    Setting(
        "tls-certificate",
        "",
        values.text("a file", 4000),
        "A PEM file of the server's certificate and those between it and its CA; then the port speaks only TLS.",
        "FILE",
    ),
    Setting("tls-key", "", values.text("a file", 4000), "A PEM file of the certificate's key.", "FILE"),
    Setting("max-connections", "1024", values.whole(1, 100_000), "Client connections at once.", "N", "maxConnections"),
    Setting("max-request", "16MiB", values.size("1KiB", "1GiB"), "The largest request.", "SIZE", "maxBufferSize"),
    Setting(
        "max-memory",
        "256MiB",
        values.size("4MiB", "1TiB"),
        "What all clients' requests and answers may occupy in the supervisor.",
        "SIZE",
    ),
    Setting(
        "idle-timeout",
        "604800",
        values.seconds(1, 31_536_000),
        "Seconds until a connection that says nothing and waits for nothing is closed.",
        "SECONDS",
    ),
    Setting(
        "transaction-lifetime",
        "60",
        values.seconds(0.1, 86_400),
        "Seconds until an idle transaction is ended.",
        "SECONDS",
        "maxJournalLifeTime",
    ),
    Setting(
        "log-level",
        "info",
        values.one_of(*log.LEVELS),
        "What is logged: this and anything graver.",
        "|".join(log.LEVELS),
        "logLevel",
    ),
    Setting(
        "log-format",
        "text",
        values.one_of(*log.FORMATS),
        "Log lines for people or for programs.",
        "|".join(log.FORMATS),
    ),
)

BY_NAME = {setting.name: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, parsed and checked against each other. Sizes in bytes, times in seconds."""

    host: str
    port: int
    journals: str
    workers: int
    durability: str
    user: str
    password: str
    users: str
    tls_certificate: str
    tls_key: str
    max_connections: int
    max_request: int
    max_memory: int
    idle_timeout: float
    transaction_lifetime: float
    log_level: str
    log_format: str
    default_password: bool
    """True when the published adapters' well-known password is in use, which only loopback may."""

    @property
    def durable(self) -> bool:
        return self.durability == "fsync"
