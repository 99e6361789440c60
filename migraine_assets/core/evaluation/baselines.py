"""The baselines that a model must beat: base rate, persistence ("as today"), and personal rate.

A baseline has at most four parameters. It is fitted on training rows and predicts from columns of the feature table, so
it has no more information than the models. For cross-validation, the fit on all training rows is used, which favors the
baseline slightly. Refitting a constant per fold would rank the folds in the wrong order, because the rate of the
left-out fold is missing from its constant.

Not here: models (`core.models.catalogue`), the comparison (`core.metrics.metrics`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.metrics.bootstrap import Floats

BaselineKey = Literal["base_rate", "persistence", "personal_rate"]
Target = Literal["attack", "severity", "burden"]
BASELINES: tuple[BaselineKey, ...] = ("base_rate", "persistence", "personal_rate")

# The columns of the feature table that the baselines read. A missing column is treated as null.
COLUMNS = ("attack_last", "attacks_7d", "attacks_28d", "observed_28d", "severity_last", "severity_mean_28d")
WEEK = 7

# Limits of the number of prior days (or attacks). With more, the participant's own diary would have no effect.
MIN_PRIOR, MAX_PRIOR = 1.0, 500.0

Columns = Mapping[str, NDArray[np.float32] | NDArray[np.float64]]


@dataclass(frozen=True)
class BaselineFit:
    """A fitted baseline.

    `base`: training mean of the target. `after_attack`, `after_none`: training rates of attacks by the last known
    outcome (for persistence). `prior`: number of days (for severity, of attacks) at `base` that the personal rate adds.

    If the outcome is not that of a single day, the personal rate is shrunk toward `daily`, the training rate of attack
    days. A daily rate r then becomes the probability 1 - (1 - r)^`days`. `days`, the equivalent number of independent
    days, is fitted so that the mean prediction is `base`.
    """

    key: BaselineKey
    target: Target
    base: float
    after_attack: float = math.nan
    after_none: float = math.nan
    prior: float = math.nan
    daily: float = math.nan
    days: float = 1.0


def fit_baselines(
    target: Target, y: ArrayLike, participant: ArrayLike, columns: Columns, *, one_day: bool = True
) -> dict[BaselineKey, BaselineFit]:
    """Fit the three baselines on training rows: `y` [n], `participant` codes [n], `columns` arrays [n].

    `one_day`: whether `y` is the outcome of a single day, like the days that the columns count.
    """
    truth = np.asarray(y, dtype=np.float64)
    base = float(truth.mean())
    prior = _prior(target, truth, np.asarray(participant), base)
    persistence = BaselineFit("persistence", target, base)
    if target == "attack":
        after_attack, after_none = _rates_by_last(truth, _column(columns, "attack_last", truth.size), base)
        persistence = replace(persistence, after_attack=after_attack, after_none=after_none)
    own = BaselineFit("personal_rate", target, base, prior=prior)
    if target == "attack" and not one_day:
        own = _fitted_days(own, columns, truth.size)
    return {"base_rate": BaselineFit("base_rate", target, base), "persistence": persistence, "personal_rate": own}


def predict_baseline(fit: BaselineFit, columns: Columns, *, rows: int) -> Floats:
    """Return the predictions of a baseline, float64[rows]: probabilities, severities, or days of seven (burden).

    If the past of a participant is unknown, the prediction is `base`.
    """
    rule = {"base_rate": _constant, "persistence": _persistence, "personal_rate": _personal}[fit.key]
    return rule(fit, columns, rows)


def _constant(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    del columns
    return np.full(rows, fit.base)


def _persistence(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    """Return the attack rate after the last known outcome, the last known severity, or the attacks of the last week."""
    if fit.target == "attack":
        last = _column(columns, "attack_last", rows)
        return np.where(np.isnan(last), fit.base, np.where(last == 1, fit.after_attack, fit.after_none))
    value = _column(columns, "severity_last" if fit.target == "severity" else "attacks_7d", rows)
    return np.where(np.isnan(value), fit.base, value)


def _personal(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    """Return the participant's shrunk rate of the last 28 days: (sum + prior * base) / (count + prior)."""
    attacks = np.nan_to_num(_column(columns, "attacks_28d", rows))
    if fit.target == "severity":
        mean = _column(columns, "severity_mean_28d", rows)
        count = np.where(np.isnan(mean), 0.0, attacks)
        return (count * np.nan_to_num(mean) + fit.prior * fit.base) / (count + fit.prior)
    observed = np.nan_to_num(_column(columns, "observed_28d", rows))
    if not math.isnan(fit.daily):
        return of_days((attacks + fit.prior * fit.daily) / (observed + fit.prior), fit.days)
    scale = WEEK if fit.target == "burden" else 1
    return scale * (attacks + fit.prior * fit.base / scale) / (observed + fit.prior)


def of_days(rate: ArrayLike, days: float) -> Floats:
    """Return the probability of an attack on any of `days` independent days with the attack rate `rate`: float64[n]."""
    return -np.expm1(days * np.log1p(-np.minimum(rate, 1 - 1e-12)))


def _fitted_days(own: BaselineFit, columns: Columns, rows: int) -> BaselineFit:
    """Return `own` with the daily rate, and with the number of days for which the mean prediction is its base."""
    attacks, observed = (np.nan_to_num(_column(columns, name, rows)).sum() for name in ("attacks_28d", "observed_28d"))
    if not attacks or not 0 < own.base < 1:
        return replace(own, daily=own.base)
    daily = float(attacks / observed)

    def excess(days: float) -> float:
        return float(_personal(replace(own, daily=daily, days=days), columns, rows).mean()) - own.base

    low, high = 1e-3, 1e3
    # Bisection works because the mean increases with the number of days.
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if excess(middle) > 0 else (middle, high)
    return replace(own, daily=daily, days=math.sqrt(low * high))


def _column(columns: Columns, name: str, rows: int) -> Floats:
    return np.asarray(columns[name], dtype=np.float64) if name in columns else np.full(rows, np.nan)


def _rates_by_last(y: Floats, last: Floats, base: float) -> tuple[float, float]:
    """Return the mean of `y` after an attack and after no attack; `base` if there is no such training row."""
    after = (y[last == outcome] for outcome in (1, 0))
    attack, none = (float(rows.mean()) if rows.size else base for rows in after)
    return attack, none


def _prior(target: Target, y: Floats, participant: NDArray[np.generic], base: float) -> float:
    """Estimate the size of the prior by the method of moments (Kleinman 1973, J Am Stat Assoc 68:46).

    For rates with mean m and variance v between participants, the beta prior has m (1 - m) / v - 1 days. For means, the
    size is the ratio of the variances within and between participants.
    """
    share = y / WEEK if target == "burden" else y
    between, within = variance_components(share, participant)
    if not between > 0:
        return MAX_PRIOR
    rate = base / WEEK if target == "burden" else base
    prior = within / between if target == "severity" else rate * (1 - rate) / between - 1
    return float(np.clip(prior, MIN_PRIOR, MAX_PRIOR))


def variance_components(y: Floats, participant: NDArray[np.generic]) -> tuple[float, float]:
    """Return the variances of `y` [n] between and within participants, by one-way analysis of variance.

    Both are NaN if there are fewer than two participants, or if no participant has more than one row.
    """
    names, group = np.unique(participant, return_inverse=True)
    count = np.bincount(group).astype(np.float64)
    participants, rows = names.size, y.size
    if participants < 2 or rows <= participants:
        return math.nan, math.nan
    mean = np.bincount(group, y) / count
    within = float(((y - mean[group]) ** 2).sum()) / (rows - participants)
    spread = float((count * (mean - y.mean()) ** 2).sum()) / (participants - 1)
    typical = (rows - float((count**2).sum()) / rows) / (participants - 1)
    return max(0.0, (spread - within) / typical), within
