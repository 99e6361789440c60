"""Formatting of metrics and their intervals in documents: a typographic minus, a dash for unknown values.

Not here: names of metrics (`report.text.labels`), counts and lists in messages (`core.formatting`).
"""

import math
import re

from migraine_assets.core.metrics.interval import Interval

DASH = "–"

_SPACES_OF_VALUES = re.compile(r"(?<=\d) (?=%)|(?<=±) (?=\d)|(?<=[\d%]) to (?=[+−\d])")


def number(value: float | None, *, digits: int = 3) -> str:
    """Format a number with a typographic minus sign. Unknown is a dash."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0.0:.{digits}f}"


def signed(value: float, *, digits: int = 3) -> str:
    """Format a difference with its sign."""
    text = number(value, digits=digits)
    return f"+{text}" if math.isfinite(value) and value > 0 and float(text) else text


def ends(interval: Interval, *, digits: int = 3) -> str:
    """Format the bounds of an interval, "0.764 to 0.823". Empty if they are unknown."""
    if not interval.bounded:
        return ""
    return f"{number(interval.ci_low, digits=digits)} to {number(interval.ci_high, digits=digits)}"


def percent(share: float | None) -> str:
    """Format a share as a whole percentage."""
    return DASH if share is None or not math.isfinite(share) else f"{100 * share:.0f}\u202f%"


def unbroken(text: str) -> str:
    """Replace the spaces inside values, such as "95 %", "± 2.3" and "0.76 to 0.82", by no-break spaces."""
    return _SPACES_OF_VALUES.sub(lambda match: match[0].replace(" ", "\u00a0"), text)
