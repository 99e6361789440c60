"""Parsing of times and durations in exports of apps and devices.

Not here: dates of diary days (`sources.columns.dates`).
"""

import datetime as dt
import re

from migraine_assets.errors import DataRefused

FORMATS: tuple[str, ...] = (
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %I:%M%p", "%m/%d/%y %H:%M",
    "%d.%m.%Y %H:%M", "%Y-%m-%d",
)  # fmt: skip

_HOURS = re.compile(r"\s*(?:(\d+)\s*d)?\s*(?:(\d+)\s*h)?\s*(?:(\d+)\s*m(?:in)?)?\s*", re.IGNORECASE)


def local_time(text: str, *, file: str, line: int) -> dt.datetime:
    """Return the wall-clock time in `text` without its time zone, because a participant's day is a local day.

    Raises `DataRefused` if `text` is not a time.
    """
    text = text.strip()
    try:
        return dt.datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    for form in FORMATS:
        try:
            return dt.datetime.strptime(text, form).replace(tzinfo=None)
        except ValueError:
            continue
    raise DataRefused(f"{file} line {line}: '{text[:40]}' is not a time such as 2024-01-31 21:30. Correct it.")


def duration(text: str, *, file: str, line: int) -> dt.timedelta:
    """Return a duration such as '12h 30m', '2d 3h', '1:45' or a number of hours. Raises `DataRefused` for others."""
    match = _HOURS.fullmatch(text)
    if match and any(match.groups()):
        days, hours, minutes = (int(part or 0) for part in match.groups())
        return dt.timedelta(days=days, hours=hours, minutes=minutes)
    whole, _, rest = text.strip().partition(":")
    try:
        return dt.timedelta(hours=float(whole), minutes=float(rest.partition(":")[0] or 0))
    except (ValueError, OverflowError):
        raise DataRefused(
            f"{file} line {line}: '{text[:40]}' is not a duration such as '12h 30m' or '1:45'. Correct it."
        ) from None
