"""Loading of JSON documents of apps and devices, and extraction of values with the expected type.

Not here: the content of the documents (`sources.importers.formats`).
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
    """Return `value` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """Return `value` if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_number(value: Any) -> float | None:
    """Return `value` if it is a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def records_of(document: Any, *keys: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list, which is the document itself or its first list under one of `keys`."""
    if isinstance(document, dict):
        document = next((document[key] for key in keys if isinstance(document.get(key), list)), [document])
    return [record for record in as_list(document) if isinstance(record, dict)]
