"""`everstore-server`: settings, the journal directory's lock, the port, then the supervisor."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import click
import trio

from everstore import __version__, heap, log
from everstore.cli.systemd import tell_systemd_ready
from everstore.config.load import addresses, is_loopback, load
from everstore.config.settings import SETTINGS, Settings
from everstore.errors import ConfigError, DirectoryInUse, EverstoreError
from everstore.storage.directory import are_of_a_run_with, claim, commit_logs, sign
from everstore.supervisor.login import Logins
from everstore.supervisor.server import Claim, Server
from everstore.supervisor.tls import Certificate

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_IN_USE = 3
_EXIT_CODES: dict[type[EverstoreError], int] = {ConfigError: EXIT_CONFIG, DirectoryInUse: EXIT_IN_USE}

_OWN_FILES = 64
"""Descriptors that the supervisor needs for itself besides one for each client and worker."""


def _options(command: Any) -> Any:
    for setting in reversed([setting for setting in SETTINGS if not setting.secret]):
        default = f" [default: {setting.default}]" if setting.default and setting.name != "workers" else ""
        command = click.option(f"--{setting.name}", metavar=setting.metavar, help=setting.help + default)(command)
    return command


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@_options
@click.option(
    "--config", metavar="FILE", envvar="EVERSTORE_CONFIG", help="A TOML file, or the original's settings.conf."
)
@click.version_option(__version__, prog_name="everstore-server")
def main(config: str | None, **options: str | None) -> None:
    """Serve journals of events.

    Every option can also be set in the environment (EVERSTORE_PORT for --port) and in the configuration file (port
    = 6929). The command line decides before the environment, the environment before the file. The password comes
    from --password-file, or from EVERSTORE_PASSWORD.
    """
    heap.give_back()
    try:
        settings = load({name.replace("_", "-"): text for name, text in options.items()}, os.environ, config)
        log.configure(settings.log_level, settings.log_format)
        logins = Logins(settings.users) if settings.users else None
        certificate = Certificate(settings.tls_certificate, settings.tls_key) if settings.tls_certificate else None
        # The directory first: who finds it in use is to hear by whom, and not that the port is taken.
        journals = os.path.abspath(settings.journals)
        who = f"the server with process id {os.getpid()}"
        lock = claim(journals, who)
        listener = _bind(settings)
        claimed = _claimed(journals, lock, f"{who} on {_shown(listener)}", settings.workers)
        settings = _make_room_for_connections(settings)
    except EverstoreError as error:
        click.echo(f"everstore-server: {error}", err=True)
        sys.exit(_EXIT_CODES.get(type(error), EXIT_FAILED))
    _warn_of_passwords(settings)
    server = Server(settings, claimed, listener, logins, certificate)
    with _signals_end_once(server):
        trio.run(server.run, _announce)


def _claimed(journals: str, lock: int, who: str, workers: int) -> Claim:
    try:
        sign(lock, who)
        logs = commit_logs(journals)
        return Claim(journals, lock, logs, are_of_a_run_with(journals, logs, workers))
    except OSError as error:
        raise ConfigError(f"--journals: {journals} cannot be used: {error}") from error


def _announce(line: str) -> None:
    """Say that clients can come. Nobody has to listen: a server whose standard output was closed serves on."""
    tell_systemd_ready()
    try:
        click.echo(line)
    except OSError:
        # Python would try again at its end, and fail with an exit code of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@contextmanager
def _signals_end_once(server: Server) -> Iterator[None]:
    """Before the server takes signals they end this process; after it has obeyed one, further ones change nothing."""

    def end(*_: object) -> None:
        if not server.ended:
            sys.exit(0)

    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    yield
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _bind(settings: Settings) -> socket.socket:
    family, kind, protocol, _, address = addresses(settings.host, settings.port)[0]
    try:
        listener = socket.socket(family, kind, protocol)
        # So that the port can be bound again at once, while connections of an earlier server are still being forgotten.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Only a listening socket keeps others from binding the same port; who comes early waits.
        listener.listen(socket.SOMAXCONN)
        listener.setblocking(False)
    except OSError as error:
        raise ConfigError(
            f"--host {settings.host} --port {settings.port}: cannot listen there: {error.strerror or error}"
        ) from error
    return listener


def _shown(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"{host}:{port}"


def _warn_of_passwords(settings: Settings) -> None:
    if not settings.tls_certificate and not is_loopback(settings.host):
        log.warning(
            f"--host {settings.host} can be reached from other machines, and passwords come to it in clear: "
            "whoever listens on the way has them. See --tls-certificate"
        )
    if settings.default_password:
        log.warning(
            "the password is the one that everybody knows; programs on this machine can log in with it. "
            "Set another with --password-file FILE or EVERSTORE_PASSWORD"
        )


def _make_room_for_connections(settings: Settings) -> Settings:
    """Raise the limit of open files as far as the connections need; where that is not far enough, allow fewer: clients
    must not take the descriptors that a new worker needs.

    Raises:
        ConfigError: not even one connection is possible.
    """
    own = 2 * settings.workers + _OWN_FILES
    needed = settings.max_connections + own
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return settings
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    if allowed == needed:
        return settings
    if allowed <= own:
        raise ConfigError(f"{own + 1} open files are needed at least, and the limit is {allowed}: raise it (ulimit -n)")
    log.warning(
        f"--max-connections {settings.max_connections} needs {needed} open files, and the limit is {allowed}: "
        f"no more than {allowed - own} connections are possible until it is raised (ulimit -n)"
    )
    return replace(settings, max_connections=allowed - own)


if __name__ == "__main__":
    main()
