"""Structured logs."""

import io
import json
import logging
from typing import Any

from serving.logs import configure


def logged(**arguments: Any) -> dict[str, Any]:
    stream = io.StringIO()
    logger = configure(stream)
    try:
        logger.info("model swapped", **arguments)
    finally:
        logger.handlers = []
    [line] = stream.getvalue().splitlines()
    content: dict[str, Any] = json.loads(line)
    return content


def test_a_line_is_one_json_object_with_the_fields() -> None:
    line = logged(extra={"fields": {"bundle": "b" * 12}})
    assert line["event"] == "model swapped"
    assert line["bundle"] == "b" * 12
    assert line["level"] == "info"
    assert line["time"].endswith("+00:00")


def test_neither_the_message_of_an_exception_nor_a_path_is_logged() -> None:
    try:
        raise ValueError("sleep_hours was 3.14159")
    except ValueError:
        line = logged(exc_info=True)
    assert line["exception"] == "ValueError"
    assert "3.14159" not in json.dumps(line)
    assert "/" not in "".join(line["at"])


def test_other_handlers_get_nothing() -> None:
    logger = configure(io.StringIO())
    assert not logger.propagate
    assert len(configure(io.StringIO()).handlers) == 1
    logging.getLogger("serving").handlers = []
