"""Interpretation of the results of an evaluation: sentences that follow from the numbers and claim no more.

Not here: names of models and metrics (`report.text.labels`), the prediction task in words (`report.text.question`),
limits (`report.text.caveats`).
"""

import math

from migraine_assets.core.evaluation.results import ModelRow, TaskEvaluation
from migraine_assets.core.metrics.formatting import ends, number, percent, signed
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.report.text.labels import metric, plural, title
from migraine_assets.report.text.question import unit_of

# An interval of at least the first width is wide, of at most the second narrow. Widths of errors are relative.
WIDE, NARROW = 0.12, 0.04

# Report the within-person ROC-AUC if the pooled one exceeds it by at least this much.
BETWEEN_PARTICIPANTS = 0.05


def headline(evaluation: TaskEvaluation) -> tuple[str, ...]:
    """Summarize the result in a few sentences, including unfavorable ones."""
    champion = evaluation.row(evaluation.champion)
    if champion is None:
        return (_no_champion(evaluation),)
    if not champion.test:
        return (f"{title(champion.key)} was selected by cross-validation; there is no test part to evaluate it on.",)
    describe = _attack if evaluation.task == "attack" else _severity
    return tuple(sentence for sentence in describe(evaluation, champion.test) if sentence)


def _no_champion(evaluation: TaskEvaluation) -> str:
    if not evaluation.rows:
        return "There is no champion: no model was trained."
    failed = sum(row.error is not None for row in evaluation.rows)
    models = plural(len(evaluation.rows), "model")
    reason = f"{failed} of {models} failed, and none of the others met the bar" if failed else "no model met the bar"
    if failed == len(evaluation.rows):
        reason = "every model failed"
    return f"There is no champion: {reason}. The reasons for each model are given below."


def _attack(evaluation: TaskEvaluation, scores: Scores) -> tuple[str, ...]:
    area = scores.get("roc_auc", UNKNOWN)
    classes = "days before an attack from other days" if evaluation.horizon else "attack days from other days"
    return (
        f"{_subject(evaluation)} separates {classes} with a ROC-AUC of {_with_bounds(area)}.",
        _chance(area),
        _width(area.ci_high - area.ci_low, evaluation),
        conclusion(evaluation),
        _within_person(area.value, scores.get("within_person_auc", UNKNOWN)),
        calibration(scores),
    )


def _chance(area: Interval) -> str:
    if area.bounded and area.ci_high < 0.5:
        return "That is worse than chance (0.5)."
    return "That is not clearly better than chance (0.5)." if area.bounded and area.ci_low <= 0.5 else ""


def _severity(evaluation: TaskEvaluation, scores: Scores) -> tuple[str, ...]:
    error = scores.get("mae", UNKNOWN)
    size = f"{_with_bounds(error, digits=2)} {unit_of(evaluation)}"
    return (
        f"{_subject(evaluation)} has a mean absolute error of {size}.",
        _width((error.ci_high - error.ci_low) / error.value if error.value else math.nan, evaluation),
        conclusion(evaluation),
        _variance(scores.get("r2", UNKNOWN)),
        coverage(evaluation),
    )


def _subject(evaluation: TaskEvaluation) -> str:
    conditional = evaluation.task == "severity" and evaluation.severity_kind == "severity"
    days = plural(evaluation.test.rows, "attack day" if conditional else "day")
    if evaluation.one_person:
        return f"On {days} after those that the models were trained on, {title(evaluation.champion or '')}"
    participants = plural(evaluation.test.participants, "participant")
    return f"On {days} of {participants} that no model was trained on, {title(evaluation.champion or '')}"


def _with_bounds(interval: Interval, *, digits: int = 3) -> str:
    value = number(interval.value, digits=digits)
    if not interval.bounded:
        return f"{value} (no interval: too few participants)"
    return f"{value} (95 % interval {ends(interval, digits=digits)})"


def _width(width: float, evaluation: TaskEvaluation) -> str:
    if width >= WIDE:
        others = "other weeks" if evaluation.one_person else "another sample of participants"
        return f"That interval is wide: {others} could give a clearly different result."
    return "That interval is narrow." if width <= NARROW else ""


def conclusion(evaluation: TaskEvaluation) -> str:
    """Compare the champion with the personal rate: the one comparison that every page, table and record quotes.

    It is made on the test part, in the headline metric, with the 95 % interval of the paired bootstrap over
    participants. It is empty if there is no test part. The leads of the other models are cross-validated and used for
    selection only.
    """
    gain, digits = evaluation.gain, 3 if evaluation.task == "attack" else 2
    if not math.isfinite(gain.value):
        return ""
    own = evaluation.baselines.get("personal_rate", {}).get("test", {}).get(evaluation.headline, UNKNOWN)
    size = number(abs(gain.value), digits=digits)
    difference = f"Its {metric(evaluation.headline)} is {size} {'better' if gain.value >= 0 else 'worse'}"
    rule = "the base rate (these rows have no history)" if no_history(evaluation) else "the personal rate"
    base = f"{difference} than that of {rule}, {number(own.value, digits=digits)}"
    if not gain.bounded:
        return f"{base}; there are too few participants for an interval of that gain."
    low, high = signed(gain.ci_low, digits=digits), signed(gain.ci_high, digits=digits)
    verdict = _verdict(gain, by_chance=_ranks_by_chance(evaluation))
    return f"{base}: {verdict} (paired 95 % interval of the gain {low} to {high})."


def no_history(evaluation: TaskEvaluation) -> bool:
    """Return whether every personal rate is the base rate, as in a diary without dates."""
    own, base = (evaluation.baselines.get(key, {}).get("test", {}) for key in ("personal_rate", "base_rate"))
    return evaluation.horizon == 0 and bool(own) and own == base


def _ranks_by_chance(evaluation: TaskEvaluation) -> bool:
    """Return whether the champion's ROC-AUC on the test part is compatible with chance."""
    champion = evaluation.row(evaluation.champion)
    scores = (champion and champion.test) or {}
    return evaluation.task == "attack" and bool(_chance(scores.get("roc_auc", UNKNOWN)))


def _verdict(gain: Interval, *, by_chance: bool) -> str:
    if gain.ci_low > 0 and by_chance:
        return "irrelevant, since the model itself is not clearly better than chance"
    if gain.ci_low > 0:
        return "more than chance would explain"
    if gain.ci_high < 0:
        return "the simple rule is the better forecast here"
    return "these data do not show a difference between the model and that simple rule"


def _within_person(pooled: float, within: Interval) -> str:
    if not pooled - within.value >= BETWEEN_PARTICIPANTS:
        return ""
    return (
        "Much of this comes from knowing which participants have many attacks: among the days of a single participant "
        f"the ROC-AUC is {_with_bounds(within)}; chance is 0.5."
    )


def calibration(scores: Scores) -> str:
    """Describe the calibration of probabilities with these `scores`. Empty if it is unknown."""
    slope, intercept = (scores.get(f"calibration_{name}", UNKNOWN) for name in ("slope", "intercept"))
    if not (slope.bounded and intercept.bounded):
        return ""
    parts = (("slope", slope), ("intercept", intercept))
    values = ", ".join(f"{name} {number(x.value, digits=2)} [{ends(x, digits=2)}]" for name, x in parts)
    faults = _faults(slope, intercept)
    if not faults:
        return f"These data show no miscalibration of the probabilities ({values})."
    return f"The probabilities are {' and '.join(faults)} ({values})."


def _faults(slope: Interval, intercept: Interval) -> list[str]:
    rules = (
        (slope.ci_high < 1, "too extreme (high ones too high, low ones too low)"),
        (slope.ci_low > 1, "not extreme enough (too close to the average)"),
        (intercept.ci_low > 0, "too low on average"),
        (intercept.ci_high < 0, "too high on average"),
    )
    return [fault for applies, fault in rules if applies]


def _variance(r2: Interval) -> str:
    if not math.isfinite(r2.value):
        return ""
    values = f"R² {number(r2.value, digits=2)}" + (f", {ends(r2, digits=2)}" if r2.bounded else "")
    if r2.value <= 0:
        return f"It explains none of the variance: predicting the mean is as good ({values})."
    doubt = ", a share that may be zero" if r2.bounded and r2.ci_low <= 0 else ""
    return f"It explains {percent(r2.value)} of the variance{doubt} ({values})."


def coverage(evaluation: TaskEvaluation) -> str:
    """Compare the nominal and the observed coverage of the champion's conformal interval."""
    result = evaluation.residuals and evaluation.residuals.coverage
    if not result:
        return ""
    return (
        f"An interval of ± {number(result.promised.quantile, digits=2)} {unit_of(evaluation)} should cover "
        f"{percent(result.promised.coverage)} of the days and covered {percent(result.observed.value)}."
    )


def gap(row: ModelRow, name: str) -> float:
    """Return training minus cross-validated value of the metric `name`, NaN if one is unknown."""
    train, cv = ((scores or {}).get(name, UNKNOWN).value for scores in (row.train, row.cv))
    return train - cv
