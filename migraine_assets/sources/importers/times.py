"""Parsing of times and durations in exports of apps and devices.

Not here: dates of diary days (`sources.columns.dates`).
"""

import datetime as dt
import re
from collections.abc import Iterable

from migraine_assets.errors import DataRefused
from migraine_assets.sources.columns.date_columns import order_of_times
from migraine_assets.sources.columns.dates import SERIAL, instant, parse_date, serial_time

FORMATS: tuple[str, ...] = (
    "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %I:%M:%S %p %z", "%Y-%m-%d %I:%M%p", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y",
)  # fmt: skip

_NUMERIC = re.compile(
    r"(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4}|(?<=/)\d{2})"
    r"(?:,?\s+(?P<time>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<half>[AP]\.?M\.?)?)?",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?P<date>.*?\w)[,\s]+(?:at\s+)?(?P<time>\d{1,2}:\d{2}(?::\d{2})?)\s*(?P<half>[AP]\.?M\.?)?", re.IGNORECASE
)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_AMOUNT = r"(\d+(?:[.,]\d+)?)"
_HOURS = re.compile(
    rf"\s*(?:{_AMOUNT}\s*(?:d|days?|tage?|jours?)\b\.?)?[\s,]*(?:{_AMOUNT}\s*(?:h|hrs?|hours?|std|stunden?|heures?)"
    rf"(?![a-z])\.?)?[\s,]*(?:{_AMOUNT}\s*(?:m|mins?|minutes?|minuten)\b\.?)?\s*",
    re.IGNORECASE,
)


def is_day_first(file: str, column: str, texts: Iterable[str]) -> bool:
    """Decide from all times of a column whether the day precedes the month, by the rule for dates of diaries.

    Raises `DataRefused` if both are possible, or if the times contradict each other.
    """
    dates = [
        f"{match['first']}/{match['second']}/{match['year']}" if (match := _NUMERIC.match(text)) else text
        for text in (text.strip() for text in texts)
    ]
    return order_of_times(dates, file=file, column=column) == "day first"


def local_time(text: str, *, file: str, line: int, day_first: bool = False, keep_zone: bool = False) -> dt.datetime:
    """Return the wall-clock time in `text` without its time zone, because a participant's day is a local day.

    `day_first`: whether 3/4/2024 is April 3. `keep_zone`: whether a stated zone is kept. Raises `DataRefused` if
    `text` is not a time.
    """
    text = " ".join(text.split())
    # Before ISO 8601, which reads 13 digits as a date and a time without marks.
    if _EPOCH.fullmatch(text):
        return _zoned(instant(text), keep_zone=keep_zone)
    if SERIAL.match(text):
        return serial_time(text)
    try:
        return _zoned(dt.datetime.fromisoformat(text), keep_zone=keep_zone)
    except ValueError:
        pass
    if (match := _NUMERIC.fullmatch(text)) and (moment := _numeric(match, day_first=day_first)):
        return moment
    if moment := _named_month(text):
        return moment
    for form in FORMATS:
        try:
            return _zoned(dt.datetime.strptime(text, form), keep_zone=keep_zone)
        except ValueError:
            continue
    raise DataRefused(f"{file} line {line}: '{text[:40]}' is not a time such as 2024-01-31 21:30. Correct it.")


def _named_month(text: str) -> dt.datetime | None:
    """Return a time with the name of its month, such as `15 Jan 2024 22:00`, in any language of diaries."""
    match = _CLOCK.fullmatch(text)
    days = parse_date(match["date"] if match else text, None)
    if days is None or text[:4].isdigit():
        return None
    day = dt.datetime(1970, 1, 1) + dt.timedelta(days=days)
    if match is None:
        return day
    half = (match["half"] or "").replace(".", "").upper()
    form = ("%I" if half else "%H") + ":%M" + (":%S" if match["time"].count(":") == 2 else "") + ("%p" if half else "")
    try:
        return dt.datetime.combine(day, dt.datetime.strptime(match["time"] + half, form).time())
    except ValueError:
        return None


def _zoned(moment: dt.datetime, *, keep_zone: bool) -> dt.datetime:
    return moment if keep_zone else moment.replace(tzinfo=None)


def _numeric(match: re.Match[str], *, day_first: bool) -> dt.datetime | None:
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    day, month = (first, second) if day_first else (second, first)
    clock = f"{match['time'] or '0:00'} {(match['half'] or '').replace('.', '').upper()}".strip()
    form = ("%I" if match["half"] else "%H") + ":%M" + (":%S" if clock.count(":") == 2 else "")
    try:
        time = dt.datetime.strptime(clock, form + (" %p" if match["half"] else "")).time()
        return dt.datetime.combine(dt.date(year if year > 99 else 2000 + year, month, day), time)
    except ValueError:
        return None


def duration(text: str, *, file: str, line: int) -> dt.timedelta:
    """Return a duration such as '12h 30m', '2d 3h', '1:45' or a number of hours. Raises `DataRefused` for others."""
    match = _HOURS.fullmatch(text)
    if match and any(match.groups()):
        days, hours, minutes = (float((part or "0").replace(",", ".")) for part in match.groups())
        return dt.timedelta(days=days, hours=hours, minutes=minutes)
    whole, _, rest = text.strip().partition(":")
    try:
        return dt.timedelta(hours=float(whole), minutes=float(rest.partition(":")[0] or 0))
    except (ValueError, OverflowError):
        raise DataRefused(
            f"{file} line {line}: '{text[:40]}' is not a duration such as '12h 30m' or '1:45'. Correct it."
        ) from None
