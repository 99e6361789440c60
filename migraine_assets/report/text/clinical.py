"""The result in words for clinicians: warnings, misses and what they mean, before any statistic.

Here belong the champion's warnings on the test part. Not here: discrimination, calibration and the comparison with the
baselines (`report.text.interpretation`).
"""

from dataclasses import dataclass

from migraine_assets.core.evaluation.results import TaskEvaluation
from migraine_assets.core.metrics.curves import ConfusionMatrix
from migraine_assets.core.metrics.formatting import DASH, number, percent
from migraine_assets.core.metrics.interval import UNKNOWN
from migraine_assets.report.text.labels import title
from migraine_assets.report.text.question import unit_of

DAYS, MONTH = 100, 30


@dataclass(frozen=True)
class WarningRate:
    """One rate of the warnings: its name, its value as text, and its meaning."""

    name: str
    value: str
    meaning: str


def in_words(evaluation: TaskEvaluation) -> tuple[str, ...]:
    """Describe the champion's results on the test part. Empty if there is no champion or no test part."""
    if evaluation.task == "severity":
        return _error_in_words(evaluation)
    counts = evaluation.confusion
    return _warnings_in_words(counts) if counts and _days(counts) else ()


def warning_rates(counts: ConfusionMatrix) -> tuple[WarningRate, ...]:
    """Return sensitivity, specificity, the predictive values and the warnings a month of a confusion matrix."""
    right, false = counts.true_positives, counts.false_positives
    missed, quiet = counts.false_negatives, counts.true_negatives
    days = _days(counts)
    monthly = number(MONTH * (right + false) / days, digits=0) if days else DASH
    return (
        WarningRate("Sensitivity", _share(right, right + missed), "of the attack days have a warning"),
        WarningRate("Specificity", _share(quiet, quiet + false), "of the days without an attack have no warning"),
        WarningRate("PPV", _share(right, right + false), "of the warnings are followed by an attack"),
        WarningRate("NPV", _share(quiet, quiet + missed), "of the days without a warning stay without an attack"),
        WarningRate("Warnings a month", monthly, f"per participant, in {MONTH} days with an entry"),
    )


def _warnings_in_words(counts: ConfusionMatrix) -> tuple[str, ...]:
    """Describe the warnings. Counts are rounded so that they add up: attacks are announced or missed."""
    scale = DAYS / _days(counts)
    right = round(scale * counts.true_positives)
    warnings = round(scale * (counts.true_positives + counts.false_positives))
    attacks = round(scale * (counts.true_positives + counts.false_negatives))
    return (
        f"Of {DAYS} days, the model warns on {warnings}: "
        f"{right} of these warnings {'is' if right == 1 else 'are'} right. "
        f"It misses {attacks - right} of {attacks} attacks.",
    )


def _error_in_words(evaluation: TaskEvaluation) -> tuple[str, ...]:
    champion = evaluation.row(evaluation.champion)
    error = (champion.test if champion and champion.test else {}).get("mae", UNKNOWN)
    if champion is None or error is UNKNOWN:
        return ()
    rate = evaluation.baselines.get("personal_rate", {}).get("test", {}).get("mae", UNKNOWN)
    what = "The number of headache days" if evaluation.severity_kind == "burden" else "The severity"
    other = (
        ""
        if rate is UNKNOWN
        else f" The {title('personal_rate').lower()} alone is off by {number(rate.value, digits=1)}."
    )
    size = f"{number(error.value, digits=1)} {unit_of(evaluation)}"
    return (f"{what} that the model predicts is off by {size} on average.{other}",)


def _days(counts: ConfusionMatrix) -> int:
    return counts.true_positives + counts.false_positives + counts.false_negatives + counts.true_negatives


def _share(part: int, whole: int) -> str:
    return percent(part / whole) if whole else DASH
