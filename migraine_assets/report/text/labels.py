"""What things are called in a report, and how a figure is written. Not here: whole sentences
(`report.text.interpretation`).
"""

import math

from migraine_assets.core.metrics.interval import Interval

MODELS = {
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "svm": "Support vector machine",
    "knn": "k nearest neighbours",
    "naive_bayes": "Naive Bayes",
    "linear": "Linear regression",
    "ridge": "Ridge regression",
    "base_rate": "Base rate",
    "persistence": "Persistence (as today)",
    "personal_rate": "Participant’s own rate",
}

METRICS = {
    "roc_auc": "ROC-AUC",
    "pr_auc": "PR-AUC",
    "accuracy": "Accuracy",
    "precision": "Precision",
    "recall": "Recall",
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

NOTHING = "–"


def title(key: str) -> str:
    """A model, a baseline or a field by its readable name: "random_forest" is "Random forest"."""
    plain = key.replace("_", " ")
    return MODELS.get(key, plain[:1].upper() + plain[1:])


def metric(key: str) -> str:
    """A metric's readable name."""
    return METRICS.get(key, title(key))


def number(value: float | None, *, digits: int = 3) -> str:
    """A figure with a true minus sign; a dash where it is unknown."""
    if value is None or not math.isfinite(value):
        return NOTHING
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else f"{0.0:.{digits}f}"


def signed(value: float, *, digits: int = 3) -> str:
    """A difference, with its sign."""
    text = number(value, digits=digits)
    return f"+{text}" if math.isfinite(value) and value > 0 and float(text) else text


def ends(interval: Interval, *, digits: int = 3) -> str:
    """The ends of an interval, "0.764 to 0.823"; empty where they are unknown."""
    if not interval.bounded:
        return ""
    return f"{number(interval.ci_low, digits=digits)} to {number(interval.ci_high, digits=digits)}"


def count(value: float | None) -> str:
    """A whole number, thousands set apart by a thin space that does not break."""
    return NOTHING if value is None else f"{value:,.0f}".replace(",", "\u202f")


def percent(share: float | None) -> str:
    """A share as whole per cent."""
    return NOTHING if share is None or not math.isfinite(share) else f"{100 * share:.0f}\u202f%"


def plural(value: int, one: str, *, many: str | None = None) -> str:
    """A count with its noun: "1 participant", "12 participants"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def seconds(value: float) -> str:
    """A duration in seconds."""
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"
