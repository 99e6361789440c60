"""Names of models and metrics in a report, and the formatting of counts and durations.

Not here: numbers and intervals (`core.metrics.formatting`), whole sentences (`report.text.interpretation`).
"""

from migraine_assets.core.metrics.formatting import DASH
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


def title(key: str) -> str:
    """Return the display name of a model, baseline or field: "Random forest" for "random_forest"."""
    plain = key.replace("_", " ")
    return TITLES.get(key) or BASELINES.get(key, plain[:1].upper() + plain[1:])


def metric(key: str) -> str:
    """Return the display name of a metric."""
    return METRICS.get(key, title(key))


def count(value: float | None) -> str:
    """Format a whole number with commas between thousands, as all texts of this project do."""
    return DASH if value is None else f"{value:,.0f}"


def plural(value: int, one: str, *, many: str | None = None) -> str:
    """Format a count with its noun: "1 participant", "12 participants"."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def seconds(value: float) -> str:
    """Format a duration in seconds as seconds or minutes."""
    return f"{value:.1f} s" if value < 100 else f"{value / 60:.1f} min"
