"""What a forecast must beat: the base rate, "as today", and the participant's own shrunk rate.

Each is fitted on training rows (four numbers at most) and applied to any rows through columns of the feature
table, so it knows no more than the models do. With so few numbers a baseline is scored on cross-validation rows
by its fit on the whole training part: what it gains by that is negligible, and in its favour. Refitted in each
fold, a constant would even rank folds backwards, for the fold left out is the one whose rate is missing from
the constant.

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

# The columns of the feature table that a baseline reads. An absent one is all null.
COLUMNS = ("attack_last", "attacks_7d", "attacks_28d", "observed_28d", "severity_last", "severity_mean_28d")
WEEK = 7

# Prior days (or attacks) of the shrunk rate: never none, never so many that the person's own diary is not
# heard.
LEAST_PRIOR, LARGEST_PRIOR = 1.0, 500.0

Columns = Mapping[str, NDArray[np.float32] | NDArray[np.float64]]


@dataclass(frozen=True)
class BaselineFit:
    """A fitted baseline.

    `base`: the training mean of the target. `after_attack`, `after_none`: the training rate of attacks given
    the last known outcome (attack, persistence). `prior`: how many days (severity: attacks) at `base` the
    shrunk rate adds.
    """

    key: BaselineKey
    target: Target
    base: float
    after_attack: float = math.nan
    after_none: float = math.nan
    prior: float = math.nan


def fit_baselines(
    target: Target, y: ArrayLike, participant: ArrayLike, columns: Columns
) -> dict[BaselineKey, BaselineFit]:
    """All three baselines from training rows: `y` [n], `participant` codes [n], `columns` arrays [n]."""
    truth = np.asarray(y, dtype=np.float64)
    base = float(truth.mean())
    prior = _prior(target, truth, np.asarray(participant), base)
    persistence = BaselineFit("persistence", target, base)
    if target == "attack":
        after_attack, after_none = _rates_by_last(truth, _column(columns, "attack_last", truth.size), base)
        persistence = replace(persistence, after_attack=after_attack, after_none=after_none)
    return {
        "base_rate": BaselineFit("base_rate", target, base),
        "persistence": persistence,
        "personal_rate": BaselineFit("personal_rate", target, base, prior=prior),
    }


def predict_baseline(fit: BaselineFit, columns: Columns, *, rows: int) -> Floats:
    """The baseline's prediction float64[rows]: a probability (attack), a severity, or days of seven (burden).

    Where the participant's past is unknown it is the base rate (the mean).
    """
    rule = {"base_rate": _constant, "persistence": _persistence, "personal_rate": _personal}[fit.key]
    return rule(fit, columns, rows)


def _constant(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    del columns
    return np.full(rows, fit.base)


def _persistence(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    """As today: the attack rate after such a day, the last known severity, or the past week's attack days."""
    if fit.target == "attack":
        last = _column(columns, "attack_last", rows)
        return np.where(np.isnan(last), fit.base, np.where(last == 1, fit.after_attack, fit.after_none))
    value = _column(columns, "severity_last" if fit.target == "severity" else "attacks_7d", rows)
    return np.where(np.isnan(value), fit.base, value)


def _personal(fit: BaselineFit, columns: Columns, rows: int) -> Floats:
    """(sum + prior * base) / (count + prior) over the last 28 days of the participant."""
    attacks = np.nan_to_num(_column(columns, "attacks_28d", rows))
    if fit.target == "severity":
        mean = _column(columns, "severity_mean_28d", rows)
        count = np.where(np.isnan(mean), 0.0, attacks)
        return (count * np.nan_to_num(mean) + fit.prior * fit.base) / (count + fit.prior)
    scale = WEEK if fit.target == "burden" else 1
    observed = np.nan_to_num(_column(columns, "observed_28d", rows))
    return scale * (attacks + fit.prior * fit.base / scale) / (observed + fit.prior)


def _column(columns: Columns, name: str, rows: int) -> Floats:
    return np.asarray(columns[name], dtype=np.float64) if name in columns else np.full(rows, np.nan)


def _rates_by_last(y: Floats, last: Floats, base: float) -> tuple[float, float]:
    """Mean of `y` after an attack and after none; `base` where the training rows hold no such day."""
    after = (y[last == outcome] for outcome in (1, 0))
    attack, none = (float(found.mean()) if found.size else base for found in after)
    return attack, none


def _prior(target: Target, y: Floats, participant: NDArray[np.generic], base: float) -> float:
    """How much one's own past counts, by the method of moments (Kleinman 1973, J Am Stat Assoc 68:46).

    For rates that vary between persons with variance v around m, the beta prior has m (1 - m) / v - 1 days; for
    a mean, the prior counts as many attacks as the ratio of the variances within and between persons.
    """
    share = y / WEEK if target == "burden" else y
    between, within = variance_components(share, participant)
    if not between > 0:
        return LARGEST_PRIOR
    rate = base / WEEK if target == "burden" else base
    prior = within / between if target == "severity" else rate * (1 - rate) / between - 1
    return float(np.clip(prior, LEAST_PRIOR, LARGEST_PRIOR))


def variance_components(y: Floats, participant: NDArray[np.generic]) -> tuple[float, float]:
    """Variance of `y` [n] between and within participants, by one-way analysis of variance."""
    # Unequal diaries count by their rows; with one row each nothing tells persons from days.
    names, group = np.unique(participant, return_inverse=True)
    count = np.bincount(group).astype(np.float64)
    persons, rows = names.size, y.size
    if persons < 2 or rows <= persons:
        return math.nan, math.nan
    mean = np.bincount(group, y) / count
    within = float(((y - mean[group]) ** 2).sum()) / (rows - persons)
    spread = float((count * (mean - y.mean()) ** 2).sum()) / (persons - 1)
    typical = (rows - float((count**2).sum()) / rows) / (persons - 1)
    return max(0.0, (spread - within) / typical), within
