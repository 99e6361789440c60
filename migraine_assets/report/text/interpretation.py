"""What the figures of an evaluation mean: sentences that follow from the numbers and promise no more.

Not here: what things are called (`report.text.labels`), the limits that a reader must know (`report.text.caveats`).
"""

import math

from migraine_assets.core.evaluation.results import ModelRow, TaskEvaluation
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.report.text.labels import ends, metric, number, percent, plural, signed, title

# An interval of a ROC-AUC this wide is called wide, or narrow; of an error the same as a share of its value.
WIDE, NARROW = 0.12, 0.04

# By how much the pooled ROC-AUC exceeds the within-person one before the difference is worth a sentence.
BETWEEN_PERSONS = 0.05


def heading(evaluation: TaskEvaluation) -> str:
    """The question of a task as a title."""
    tomorrow = evaluation.horizon > 0
    if evaluation.task == "attack":
        return "Who will have an attack tomorrow?" if tomorrow else "Which days are attack days?"
    if evaluation.severity_kind == "burden":
        return "How many headache days in the next week?"
    return "How severe will tomorrow’s attack be?" if tomorrow else "How severe is today’s attack?"


def question(evaluation: TaskEvaluation) -> str:
    """What the models were asked, what they knew and where it could be checked."""
    what, judged = _asked(evaluation)
    known = (
        "all that the diary holds up to this evening, today’s outcome included"
        if evaluation.horizon
        else "today’s exposures, and outcomes only up to the day before"
    )
    return f"{what} Known: {known}. {judged}"


def _asked(evaluation: TaskEvaluation) -> tuple[str, str]:
    day = "tomorrow" if evaluation.horizon else "today"
    if evaluation.task == "attack":
        return (
            f"Will this person have a migraine attack {day}?",
            "Judged only where that day really is in the diary.",
        )
    if evaluation.severity_kind == "burden":
        return (
            "On how many of the next seven days will this person have a headache (the source has no severity)?",
            "Judged only where all seven days are in the diary.",
        )
    return (
        f"How severe, from 0 to 10, will the attack of {day} be, given that there is one?",
        "Trained and judged on attack days only.",
    )


def headline(evaluation: TaskEvaluation) -> tuple[str, ...]:
    """The result in a few sentences, the least welcome ones included."""
    champion = evaluation.row(evaluation.champion)
    if champion is None:
        return (_no_champion(evaluation),)
    if not champion.test:
        return (f"{title(champion.key)} was chosen by cross-validation; no test part is there to judge it by.",)
    describe = _attack if evaluation.task == "attack" else _severity
    return tuple(sentence for sentence in describe(evaluation, champion.test) if sentence)


def _no_champion(evaluation: TaskEvaluation) -> str:
    if not evaluation.rows:
        return "There is no champion: no model was trained."
    failed = sum(row.error is not None for row in evaluation.rows)
    models = plural(len(evaluation.rows), "model")
    what = f"{failed} of {models} failed, and none of the others met the bar" if failed else "no model met the bar"
    if failed == len(evaluation.rows):
        what = "every model failed"
    return f"There is no champion: {what}. The reasons are given below, model by model."


def _attack(evaluation: TaskEvaluation, scores: Scores) -> tuple[str, ...]:
    area = scores.get("roc_auc", UNKNOWN)
    what = "days before an attack from other days" if evaluation.horizon else "attack days from other days"
    return (
        f"{_where(evaluation)} tells {what} with a ROC-AUC of {_with_ends(area)}.",
        _chance(area),
        _width(area.ci_high - area.ci_low),
        _gain(evaluation),
        _within(area.value, scores.get("within_person_auc", UNKNOWN)),
        calibration(scores),
    )


def _chance(area: Interval) -> str:
    if area.bounded and area.ci_high < 0.5:
        return "That is worse than chance, which is 0.5."
    return "That is not clearly better than chance, which is 0.5." if area.bounded and area.ci_low <= 0.5 else ""


def _severity(evaluation: TaskEvaluation, scores: Scores) -> tuple[str, ...]:
    error = scores.get("mae", UNKNOWN)
    misses = f"misses by {_with_ends(error, digits=2)} {unit_of(evaluation)} on average"
    return (
        f"{_where(evaluation)} {misses}.",
        _width((error.ci_high - error.ci_low) / error.value if error.value else math.nan),
        _gain(evaluation),
        _explained(scores.get("r2", UNKNOWN)),
        coverage(evaluation),
    )


def unit_of(evaluation: TaskEvaluation) -> str:
    """The unit of a severity or of a burden."""
    return "days" if evaluation.severity_kind == "burden" else "points"


def _where(evaluation: TaskEvaluation) -> str:
    conditional = evaluation.task == "severity" and evaluation.severity_kind == "severity"
    days = plural(evaluation.test.rows, "attack day" if conditional else "day")
    people = plural(evaluation.test.participants, "participant")
    return f"On {days} of {people} whom no model had seen, {title(evaluation.champion or '')}"


def _with_ends(interval: Interval, *, digits: int = 3) -> str:
    value = number(interval.value, digits=digits)
    if not interval.bounded:
        return f"{value} (no interval: too few participants)"
    return f"{value} (95 % interval {ends(interval, digits=digits)})"


def _width(width: float) -> str:
    if width >= WIDE:
        return "That interval is wide: as many other participants could give a clearly different figure."
    return "That interval is narrow." if width <= NARROW else ""


def _gain(evaluation: TaskEvaluation) -> str:
    gain, digits = evaluation.gain, 3 if evaluation.task == "attack" else 2
    if not math.isfinite(gain.value):
        return ""
    own = evaluation.baselines.get("personal_rate", {}).get("test", {}).get(evaluation.headline, UNKNOWN)
    size = number(abs(gain.value), digits=digits)
    what = f"Its {metric(evaluation.headline)} is {size} {'better' if gain.value >= 0 else 'worse'}"
    rule = "the base rate, these rows having no past," if pastless(evaluation) else "the participant’s own past alone"
    base = f"{what} than that of {rule} ({number(own.value, digits=digits)})"
    if not gain.bounded:
        return f"{base}; with so few participants, how certain that is cannot be said."
    low, high = signed(gain.ci_low, digits=digits), signed(gain.ci_high, digits=digits)
    return f"{base}: {_verdict(gain, useless=_useless(evaluation))} (paired 95 % interval of the gain {low} to {high})."


def pastless(evaluation: TaskEvaluation) -> bool:
    """Whether the own rate is the base rate for everybody, as in a diary without dates."""
    own, base = (evaluation.baselines.get(key, {}).get("test", {}) for key in ("personal_rate", "base_rate"))
    return evaluation.horizon == 0 and bool(own) and own == base


def _useless(evaluation: TaskEvaluation) -> bool:
    """Whether the champion itself ranks days no better than chance, as far as the test part can tell."""
    champion = evaluation.row(evaluation.champion)
    scores = (champion and champion.test) or {}
    return evaluation.task == "attack" and bool(_chance(scores.get("roc_auc", UNKNOWN)))


def _verdict(gain: Interval, *, useless: bool) -> str:
    if gain.ci_low > 0 and useless:
        return "no merit, where the model itself is not clearly better than chance"
    if gain.ci_low > 0:
        return "more than chance explains"
    if gain.ci_high < 0:
        return "the simple rule is the better forecast here"
    return "these data cannot tell the model from that simple rule"


def _within(pooled: float, within: Interval) -> str:
    if not pooled - within.value >= BETWEEN_PERSONS:
        return ""
    return (
        "Much of this is knowing who has many attacks: among the days of one and the same person the ROC-AUC "
        f"is {_with_ends(within)}, where 0.5 is chance."
    )


def calibration(scores: Scores) -> str:
    """Whether probabilities with these `scores` can be taken at their word; empty where that is unknown."""
    slope, intercept = (scores.get(f"calibration_{name}", UNKNOWN) for name in ("slope", "intercept"))
    if not (slope.bounded and intercept.bounded):
        return ""
    parts = (("slope", slope), ("intercept", intercept))
    figures = ", ".join(f"{name} {number(x.value, digits=2)} [{ends(x, digits=2)}]" for name, x in parts)
    faults = _faults(slope, intercept)
    if not faults:
        return f"The probabilities agree with what came, as far as these data can tell ({figures})."
    return f"The probabilities are {' and '.join(faults)} ({figures})."


def _faults(slope: Interval, intercept: Interval) -> list[str]:
    rules = (
        (slope.ci_high < 1, "too extreme (high ones too high, low ones too low)"),
        (slope.ci_low > 1, "too timid (too close to the average)"),
        (intercept.ci_low > 0, "too low on the whole"),
        (intercept.ci_high < 0, "too high on the whole"),
    )
    return [fault for applies, fault in rules if applies]


def _explained(r2: Interval) -> str:
    if not math.isfinite(r2.value):
        return ""
    figures = f"R² {number(r2.value, digits=2)}" + (f", {ends(r2, digits=2)}" if r2.bounded else "")
    if r2.value <= 0:
        return f"It explains nothing of what differs between days: the mean would do as well ({figures})."
    doubt = ", which may be nothing at all" if r2.bounded and r2.ci_low <= 0 else ""
    return f"It explains {percent(r2.value)} of the variance{doubt} ({figures})."


def coverage(evaluation: TaskEvaluation) -> str:
    """Whether the champion's conformal interval held what it promised."""
    held = evaluation.residuals and evaluation.residuals.coverage
    if not held:
        return ""
    return (
        f"An interval of ± {number(held.promised.quantile, digits=2)} {unit_of(evaluation)} was to hold "
        f"{percent(held.promised.coverage)} of the days and held {percent(held.observed.value)}."
    )


def gap(row: ModelRow, name: str) -> float:
    """How much better `name` is on the training rows than in cross-validation; NaN where one is unknown."""
    train, cv = ((scores or {}).get(name, UNKNOWN).value for scores in (row.train, row.cv))
    return train - cv
