"""Flags of a model: overfitting, underfitting, baselines, calibration, and scores that are too good to be true.

This module has the rules and their limits. A rule on a noisy quantity, such as the lead over a baseline, uses the
confidence interval. Not here: promotion (`core.evaluation.gate`), the Dagster checks of these flags
(`defs.checks.models`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Unit, doc

from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores


@dataclass(frozen=True)
class Flag:
    """A property of one model that its users should know.

    `bars`: whether the model must not be promoted. `note`: whether the flag may be due to chance or to the limits of
    the data. Reports show a note, but no check fails.
    """

    name: str
    reason: str
    bars: bool = False
    note: bool = False


@dataclass(frozen=True)
class TooGood:
    """The limits above which a score is doubtful, and above which it is treated as a leak.

    Migraine is hard to forecast. On real diaries, pooled ROC-AUCs without a leak are about 0.80 for tomorrow. Most of
    this comes from knowing which participants have many attacks: within a participant, the ROC-AUC is 0.58. For today,
    triggers reach 0.68 to 0.75. With a random split instead of a split by participant, which is a leak, the same
    triggers reach 0.86. The R2 of severity is close to 0.
    """

    doubt: float
    leak: float


@dataclass(frozen=True)
class FlagLimits:
    """The limits of all flags. A pair of `TooGood` has the limits for the same day, then for later days."""

    overfit: Annotated[
        float, doc("Difference between training and cross-validation, in ROC-AUC or R2, that counts as overfitting.")
    ] = 0.10
    underfit_roc_auc: Annotated[
        float, Unit("ROC-AUC"), doc("Cross-validated value below which a classifier underfits.")
    ] = 0.70
    underfit_r2: Annotated[float, Unit("R2"), doc("Cross-validated value below which a regressor underfits.")] = 0.0
    slope: Annotated[tuple[float, float], doc("Range of an acceptable calibration slope.")] = (0.7, 1.3)
    intercept: Annotated[float, doc("Maximum distance of the calibration intercept from 0.")] = 0.25
    roc_auc: Annotated[
        tuple[TooGood, TooGood],
        Unit("ROC-AUC"),
        doc("A value above doubt is reported, above leak it bars the model; for the same day, then for later days."),
    ] = (TooGood(0.83, 0.95), TooGood(0.83, 0.90))
    within_person_auc: Annotated[tuple[TooGood, TooGood], Unit("ROC-AUC"), doc("As roc_auc, within a participant.")] = (
        TooGood(0.83, 0.95),
        TooGood(0.70, 0.80),
    )
    r2: Annotated[tuple[TooGood, TooGood], Unit("R2"), doc("As roc_auc, for severities.")] = (
        TooGood(0.60, 0.90),
        TooGood(0.60, 0.80),
    )


LIMITS = FlagLimits()

PERSONAL = "personal_rate"


def attack_flags(
    *,
    train: Scores,
    validation: Scores,
    lead: Mapping[str, Interval],
    horizon: int,
    limits: FlagLimits = LIMITS,
) -> tuple[Flag, ...]:
    """Return the flags of a classifier.

    `train` and `validation` are the scores in sample and out of fold. `lead` is the paired difference in ROC-AUC from
    each baseline on the validation rows; it is positive if the model is better.
    """
    within = limits.within_person_auc[_limit(horizon)]
    flags = [
        _overfitting("ROC-AUC", _of(train, "roc_auc"), _of(validation, "roc_auc"), limits),
        _underfitting("ROC-AUC", _of(validation, "roc_auc"), limits.underfit_roc_auc, lead),
        *(_lead_flag("ROC-AUC", name, difference) for name, difference in lead.items()),
        _slope(_of(validation, "calibration_slope"), limits),
        _intercept(_of(validation, "calibration_intercept"), limits),
        _too_good("ROC-AUC", _of(validation, "roc_auc"), limits.roc_auc[_limit(horizon)]),
        _too_good("within-person ROC-AUC", _of(validation, "within_person_auc"), within),
    ]
    return tuple(flag for flag in flags if flag)


def severity_flags(
    *,
    train: Scores,
    validation: Scores,
    lead: Mapping[str, Interval],
    horizon: int,
    limits: FlagLimits = LIMITS,
) -> tuple[Flag, ...]:
    """Return the flags of a regressor; see `attack_flags`.

    `lead` is the RMSE of each baseline minus that of the model.
    """
    flags = [
        _overfitting("R2", _of(train, "r2"), _of(validation, "r2"), limits),
        _underfitting("R2", _of(validation, "r2"), limits.underfit_r2, lead),
        *(_lead_flag("RMSE", name, difference) for name, difference in lead.items()),
        _too_good("R2", _of(validation, "r2"), limits.r2[_limit(horizon)]),
    ]
    return tuple(flag for flag in flags if flag)


def _of(scores: Scores, name: str) -> Interval:
    return scores.get(name, UNKNOWN)


def _overfitting(metric: str, train: Interval, validation: Interval, limits: FlagLimits) -> Flag | None:
    gap = train.value - validation.value
    if not gap > limits.overfit:
        return None
    both = f"{train.value:.3f} on training rows and {validation.value:.3f} in cross-validation"
    reason = f"{metric} is {both}: the difference of {gap:.3f} exceeds {limits.overfit:.2f}"
    # The difference is as uncertain as the cross-validated score.
    by_chance = train.value - validation.ci_high <= limits.overfit
    return Flag("overfitting", f"{reason}{', which may be chance' if by_chance else ''}.", note=by_chance)


def _underfitting(metric: str, validation: Interval, least: float, lead: Mapping[str, Interval]) -> Flag | None:
    """Flag a score below `least` that is not clearly above the best baseline either.

    A low score alone is not a fault of the model: on a diary that is hard to forecast, no model reaches the limit.
    """
    if math.isnan(validation.value):
        return Flag("underfitting", f"{metric} in cross-validation cannot be computed.")
    if validation.value >= least:
        return None
    reason = f"{metric} in cross-validation is {validation}, below {least:.2f}"
    known = {name: difference for name, difference in lead.items() if not math.isnan(difference.value)}
    if not known:
        return Flag("underfitting", f"{reason}.")
    name, closest = min(known.items(), key=lambda item: item[1].value)
    if closest.ci_low > 0:
        return None
    baseline = f"the best baseline, the {name.replace('_', ' ')}"
    if closest.ci_high < 0:
        return Flag("underfitting", f"{reason} and clearly below {baseline}: lead {closest}.")
    return Flag("underfitting", f"{reason} and not clearly above {baseline}: lead {closest}.", note=True)


def _lead_flag(metric: str, baseline: str, difference: Interval) -> Flag | None:
    """Bar a model that is clearly worse than a baseline, and flag one that is not clearly better.

    On many diaries, no model can be better than the personal rate, so that flag is only a note.
    """
    name = baseline.replace("_", " ")
    if difference.ci_high < 0:
        return Flag(
            f"worse_than_{baseline}", f"{metric} is worse than that of the {name}: lead {difference}.", bars=True
        )
    if difference.ci_low > 0:
        return None
    reason = f"{metric} is not clearly better than that of the {name}: lead {difference}."
    return Flag(f"not_better_than_{baseline}", reason, note=baseline == PERSONAL)


def _slope(slope: Interval, limits: FlagLimits) -> Flag | None:
    low, high = limits.slope
    if low <= slope.value <= high or math.isnan(slope.value) or slope.ci_low <= 1 <= slope.ci_high:
        return None
    direction = "extreme" if slope.value < 1 else "moderate"
    return Flag("calibration_slope", f"Calibration slope is {slope}: probabilities are too {direction}; 1 is ideal.")


def _intercept(intercept: Interval, limits: FlagLimits) -> Flag | None:
    value = intercept.value
    if math.isnan(value) or abs(value) <= limits.intercept or intercept.ci_low <= 0 <= intercept.ci_high:
        return None
    direction = "high" if value < 0 else "low"
    return Flag(
        "calibration_intercept",
        f"Calibration intercept is {intercept}: probabilities are too {direction} on average.",
    )


def _limit(horizon: int) -> int:
    """Return the index of the limits for `horizon`."""
    return min(horizon, 1)


def _too_good(metric: str, score: Interval, limit: TooGood) -> Flag | None:
    if not score.value > limit.doubt:
        return None
    leak = score.value > limit.leak
    bound = limit.leak if leak else limit.doubt
    advice = "check whether an input contains the outcome, or whether one person has several names"
    reason = f"{metric} is {score}, above {bound:.2f}: migraine forecasts rarely reach this without a leak; {advice}."
    return Flag("too_good_to_be_true", reason, bars=leak)
