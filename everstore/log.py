"""The server's log: one line for each thing that an operator may want to know, on standard error, as text or JSON.

    2026-11-21T03:33:21.123Z WARNING login failed: wrong password (connection=7 peer=127.0.0.1:50312)

Whatever a client chose (names, users) passes through `shown`, so that no control character of its reaches a terminal.
"""

from __future__ import annotations

import logging
import sys
import time

import orjson

LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("text", "json")

_logger = logging.getLogger("everstore")


def shown(text: bytes | str, most: int = 200) -> str:
    """Foreign text as it may stand in a log line: printable, on one line, not too long."""
    decoded = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else text
    clean = _printable(decoded)
    return clean if len(clean) <= most else clean[:most] + "…"


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def configure(level: str, form: str) -> None:
    """Send log lines of `level` and above to standard error in `form`, "text" or "json"."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else _Text())
    _logger.handlers[:] = [handler]
    _logger.setLevel(level.upper())
    _logger.propagate = False


def debug(message: str, **context: object) -> None:
    _logger.debug(message, extra={"context": context})


def info(message: str, **context: object) -> None:
    _logger.info(message, extra={"context": context})


def warning(message: str, **context: object) -> None:
    _logger.warning(message, extra={"context": context})


def error(message: str, **context: object) -> None:
    _logger.error(message, extra={"context": context})


def exception(message: str, **context: object) -> None:
    """An error that nobody foresaw, with its traceback."""
    _logger.exception(message, extra={"context": context})


def _time(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        context: dict[str, object] = getattr(record, "context", {})
        detail = " ".join(f"{key}={value}" for key, value in context.items())
        said = record.getMessage() + (f" ({detail})" if detail else "")
        # Once more, for what did not pass through `shown`, such as a path in an error of the system.
        line = f"{_time(record)} {record.levelname} {_printable(said)}"
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line.update(getattr(record, "context", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()
