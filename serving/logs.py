"""Structured logs: one JSON object per line, never with a value from a diary.

Here belongs the format. Callers pass their own fields as `extra={"fields": {...}}`. Only the type and the location of
an exception are logged, because its message may contain what a participant entered.
"""

import datetime as dt
import json
import logging
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

LOGGER = "serving"


class JsonFormatter(logging.Formatter):
    """Formatter of records as JSON: `time`, `level`, `event`, then the fields of the caller."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = record.exc_info[0].__name__
            line["at"] = [f"{Path(f.filename).name}:{f.lineno}" for f in traceback.extract_tb(record.exc_info[2])[-5:]]
        return json.dumps(line, default=str)


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> logging.Logger:
    """Configure the service's logger to write to `stream` (default: standard error). May be called again."""
    logger = logging.getLogger(LOGGER)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.handlers = [handler]
    logger.setLevel(level)
    # Otherwise Ray's handlers would log each line again, with the messages of exceptions.
    logger.propagate = False
    return logger
