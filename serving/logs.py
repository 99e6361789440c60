"""Structured logs: one JSON object a line, with names of things and never a value of a diary.

Here belongs the form. What is logged is up to the callers, who pass extra fields as `extra={"fields": {...}}`; of
an exception only its type and where it came from are kept, since its text may hold what a person entered.
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
    """`time`, `level`, `event`, then the fields."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
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
    """The service's logger, writing to `stream` (standard error). Calling it again changes nothing else."""
    logger = logging.getLogger(LOGGER)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    logger.handlers = [handler]
    logger.setLevel(level)
    # Ray's own handlers would write each line again, and with the text of exceptions.
    logger.propagate = False
    return logger
