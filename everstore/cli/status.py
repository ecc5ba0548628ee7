"""`everstore status`: what the server says about itself and its workers."""

from __future__ import annotations

from typing import Any

import click
import orjson
import psutil
from everstore_client import Client, Event, UnknownError

from everstore.cli.connection import open_client, url_option

_COLUMNS = ("worker", "pid", "state", "deaths", "journals", "transactions", "commits", "events", "conflicts", "memory")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@url_option
def command(as_json: bool, url: str) -> None:
    """Show how the server and its workers are. The exit code is 3 when no server answers."""
    with open_client(url) as db:
        status = db.status()
        status["workers"] = [_worker(db, each) for each in status["workers"]]
    if as_json:
        click.echo(orjson.dumps(status, option=orjson.OPT_INDENT_2))
    else:
        click.echo(_table(status))


def _worker(db: Client[Event], known: dict[str, Any]) -> dict[str, Any]:
    """What the supervisor knows of a worker, what it says itself, and its memory if it is on this machine."""
    if known["state"] == "serving":
        try:
            known = {**known, **db.worker_status(known["worker"])}
        except UnknownError:
            known = {**known, "state": "not answering"}
    return {**known, "memory_bytes": _private_bytes(known["pid"])}


def _private_bytes(pid: int) -> int | None:
    try:
        process = psutil.Process(pid)
        return int(process.memory_full_info().uss) if "everstore" in " ".join(process.cmdline()) else None
    except (psutil.Error, ValueError):
        return None


def _table(status: dict[str, Any]) -> str:
    head = [
        f"everstore {status['version']} on {status['address']}, process {status['pid']}",
        f"up {_duration(status['uptime_s'])}",
        f"journals in {status['journals']}, durability {status['durability']}",
        f"{status['connections']} connections, {status['accepted']} accepted and {status['refused']} refused so far",
        "",
    ]
    rows = [_COLUMNS, *([_cell(worker, column) for column in _COLUMNS] for worker in status["workers"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "\n".join(
        head + ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    )


def _cell(worker: dict[str, Any], column: str) -> str:
    if column == "memory":
        size = worker["memory_bytes"]
        return "-" if size is None else f"{size / 1024**2:.1f} MiB"
    return str(worker.get(column, "-"))


def _duration(seconds: float) -> str:
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86_400)
    return (
        f"{days} d {hours % 24} h"
        if days
        else f"{hours} h {minutes % 60} min"
        if hours
        else f"{minutes} min {int(seconds % 60)} s"
    )
