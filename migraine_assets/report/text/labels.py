"""Names of models and metrics in a report, and the formatting of numbers.

Not here: whole sentences (`report.text.interpretation`).
"""

import math
import re

from migraine_assets.core.metrics.interval import Interval
from migraine_assets.core.models.catalogue import TITLES

BASELINES = {
    "base_rate": "Base rate",
    "persistence": "Persistence",
    "personal_rate": "Personal rate",
}

METRICS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "accuracy": "Accuracy",
    "precision": "PPV",
    "recall": "Sensitivity",
    "f1": "F1",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "within_person_auc": "Within-person AUC",
    "mse": "MSE",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}

UNKNOWN = "–"


def title(key: str) -> str:
    """Return the display name of a model, baseline or field: "Random forest" for "random_forest"."""
    plain = key.replace("_", " ")
    return TITLES.get(key) or BASELINES.get(key, plain[:1].upper() + plain[1:])


def metric(key: str) -> str:
    """Return the display name of a metric."""
    return METRICS.get(key, title(key))


def number(value: float | None, *, digits: int = 3) -> str:
    """Format a number with a typographic minus sign. Unknown is a dash."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
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


def count(value: float | None) -> str:
    """Format a whole number with commas between thousands, as all texts of this project do."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def percent(share: float | None) -> str:
    """Format a share as a whole percentage."""
    return UNKNOWN if share is None or not math.isfinite(share) else f"{100 * share:.0f}\u202f%"


_SPACES_OF_VALUES = re.compile(r"(?<=\d) (?=%)|(?<=±) (?=\d)|(?<=[\d%]) to (?=[+−\d])")


def unbroken(text: str) -> str:
    """Replace the spaces inside values, such as "95 %", "± 2.3" and "0.76 to 0.82", by no-break spaces."""
    return _SPACES_OF_VALUES.sub(lambda match: match[0].replace(" ", "\u00a0"), text)


def plural(value: int, one: str, *, many: str | None = None) -> str:
    """Format a count with its noun: "1 participant", "12 participants"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def seconds(value: float) -> str:
    """Format a duration in seconds as seconds or minutes."""
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"
