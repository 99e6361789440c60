"""Single values of a mapping file, checked: tables, texts, numbers, dates, names.

Every function takes the parsed YAML and `where`, the place in the file that an error names, and raises
`ConfigurationError` for an invalid value. Not here: which keys a mapping has (`sources.columns.mapping`).
"""

import codecs
import datetime
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from migraine_assets.errors import ConfigurationError
from migraine_assets.sources.columns.suggestion import nearest

_MARKS = (".", ",", " ", "'")


def table(raw: Any, known: Iterable[str] | None, *, where: str, what: str = "key") -> dict[str, Any]:
    """Return a table with keys among `known` (None: any); an empty value is an empty table.

    `what` names a key in the error for an unknown one.
    """
    if raw == "" or raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigurationError(f"{where} must be a table of 'key: value' lines.")
    allowed = None if known is None else tuple(known)
    for key in raw:
        if allowed is not None and key not in allowed:
            hint = nearest(str(key), allowed) or f" Valid are {', '.join(allowed)}."
            raise ConfigurationError(f"{where} has the unknown {what} '{key}'.{hint}")
    return raw


def scalar(raw: Any, *, where: str) -> str:
    """Return a single value as text."""
    if not isinstance(raw, str):
        raise ConfigurationError(f"{where} is a list or a table, but must be a single value.")
    return raw


def number(raw: Any, *, where: str) -> float:
    """Return a finite number."""
    try:
        value = float(scalar(raw, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{raw}', which is not a number.") from error
    if not math.isfinite(value):
        raise ConfigurationError(f"{where} is '{raw}', which is not a finite number.")
    return value


def scale(raw: Any, *, where: str) -> float:
    """Return a factor, which is not 0."""
    factor = number(raw, where=where)
    if factor == 0:
        raise ConfigurationError(f"{where} is 0, which would make every value the same.")
    return factor


def date(raw: Any, *, where: str) -> datetime.date:
    """Return an ISO 8601 date."""
    try:
        return datetime.date.fromisoformat(scalar(raw, where=where))
    except ValueError as error:
        raise ConfigurationError(f"{where} is '{raw}', which is not a date like 1990-01-31.") from error


def boolean(raw: Any, *, where: str) -> bool:
    """Return a switch: true, false, yes or no."""
    if raw not in ("true", "false", "yes", "no"):
        raise ConfigurationError(f"{where} is '{raw}'. Write true or false.")
    return raw in ("true", "yes")


def count(raw: Any, *, where: str) -> int:
    """Return a number of lines, 0 or more."""
    text = scalar(raw, where=where)
    if not text.isascii() or not text.isdigit():
        raise ConfigurationError(f"{where} is '{text}'. Write the number of lines above the header.")
    return int(text)


def names(raw: Any, *, where: str) -> tuple[str, ...]:
    """Return column names, from a list or from a single name."""
    if isinstance(raw, str):
        raw = [raw]
    if not isinstance(raw, list):
        raise ConfigurationError(f"{where} must be a list of column names: [a, b].")
    return tuple(scalar(name, where=where) for name in raw)


def mark(keys: Mapping[str, Any], key: str, *, where: str) -> str | None:
    """Return the decimal or thousands mark under `key`; None if it is not stated."""
    what = "a point, a comma, a space or an apostrophe"
    return checked(keys.get(key), _MARKS.__contains__, what, f"'{key}' of {where}")


def checked(raw: Any, allowed: Callable[[str], bool], what: str, where: str) -> str | None:
    """Return a value that is `allowed`; None if it is not stated. `what` describes allowed values in the error."""
    if raw is None:
        return None
    text = scalar(raw, where=where)
    if not allowed(text):
        raise ConfigurationError(f"{where} is '{text}'. Write {what}.")
    return text


def is_timezone(name: str) -> bool:
    """Return whether `name` is an IANA time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def is_encoding(name: str) -> bool:
    """Return whether Python knows a text encoding called `name`."""
    try:
        codecs.lookup(name)
    except (LookupError, ValueError):
        return False
    return True
