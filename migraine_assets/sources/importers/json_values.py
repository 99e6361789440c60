"""JSON documents of apps and devices: loading one, and values of the expected kind out of it.

Not here: what the documents hold (`sources.importers.formats`).
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from migraine_assets.errors import DataRefused


def load_json(name: str, content: bytes, what: str) -> Any:
    """Return the document. Raises `DataRefused` if it is damaged; `what` names the export."""
    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise DataRefused(f"{name} is a damaged {what} ({error}). Export it again.") from error


def as_mapping(value: Any) -> Mapping[str, Any]:
    """Return an object; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return a list; an empty one for any other value."""
    return value if isinstance(value, list) else []


def as_number(value: Any) -> float | None:
    """Return a finite number; None for any other value."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def records_of(document: Any, *keys: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list, which is the document itself or its first value under one of `keys`."""
    if isinstance(document, dict):
        document = next((document[key] for key in keys if isinstance(document.get(key), list)), [document])
    return [record for record in as_list(document) if isinstance(record, dict)]
