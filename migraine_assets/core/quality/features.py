"""Checks on the feature table: finite or null, no outcome among the inputs nor an input that nearly is it.

Here belong findings on columns that models learn from. Not here: how well models do (the evaluation).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import PROVENANCE, names
from migraine_assets.core.metrics.bootstrap import resample
from migraine_assets.core.metrics.rank_metrics import rank_areas, within_person_area
from migraine_assets.core.quality.finding import Finding, finding, listed, percent, plural, share
from migraine_assets.core.quality.settings import QualitySettings

TARGET_PREFIX = "target_"
# What tells the day to be predicted from others and is known before it comes.
CALENDAR: tuple[str, ...] = ("target_weekend",)

Floats = NDArray[np.float64]


def features_finite(features: NDArray[np.floating], feature_names: Sequence[str]) -> Finding:
    """Every feature [n, F] is a finite number or null (blocking)."""
    counts = np.array([np.isinf(features[:, column]).sum() for column in range(len(feature_names))], dtype=np.int64)
    bad = [name for name, count in zip(feature_names, counts, strict=True) if count]
    rows = [
        (name, f"{np.isnan(features[:, column]).sum():,}", f"{counts[column]:,}")
        for column, name in enumerate(feature_names)
    ]
    failures = [f"Infinite values in {listed(bad)}: {plural(int(counts.sum()), 'value')}."] if bad else []
    good = f"All {len(feature_names)} features are finite or null."
    columns = ("feature", "null", "infinite")
    return finding("features_finite", failures, good=good, blocking=True, columns=columns, rows=rows)


def no_outcome_among_inputs(feature_names: Sequence[str]) -> Finding:
    """No input is an outcome field, a target, a key or a place in a file (blocking)."""
    forbidden = {*names("outcome", "key"), *PROVENANCE}
    bad = [
        name for name in feature_names if name in forbidden or (name.startswith(TARGET_PREFIX) and name not in CALENDAR)
    ]
    failures = [f"These are no inputs: {listed(bad)}. Remove them from the feature table."] if bad else []
    good = f"None of the {len(feature_names)} inputs is an outcome, a target or a key."
    return finding("no_outcome_among_inputs", failures, good=good, blocking=True)


def no_input_nearly_the_outcome(
    features: NDArray[np.floating],
    feature_names: Sequence[str],
    *,
    attack: Floats,
    participant: NDArray[np.int64],
    settings: QualitySettings,
) -> Finding:
    """No single input [n, F], nor its being null, ranks attacks (0/1, NaN unknown) almost perfectly (blocking).

    Where participants have days of both kinds, an input must also tell these apart to be suspected: a person's
    own history honestly separates those who nearly always have an attack from those who never have one.
    """
    rows = _sampled(np.flatnonzero(~np.isnan(attack)), most=settings.leak_max_rows)
    attack, participant = attack[rows], participant[rows]
    table, suspects = [], []
    for column, name in enumerate(feature_names):
        values = features[rows, column].astype(np.float64)
        nulls = np.isnan(values).astype(np.float64)
        areas = []
        for told, score in ((name, values), (f"whether {name} is null", nulls)):
            area = _separation(score, attack, least=settings.leak_min_rows)
            areas.append(f"{area:.3f}")
            if area >= settings.leak_auc and _also_within(score, attack, participant, settings=settings):
                suspects.append(f"{told} (ROC-AUC {area:.3f})")
        table.append((name, *areas))
    failures = [f"These nearly are the outcome: {listed(suspects)}. Were they written down after it?"]
    good = f"No input alone gives away the outcome (ROC-AUC {settings.leak_auc:g}) in {plural(len(rows), 'row')}."
    return finding(
        "no_input_nearly_the_outcome",
        failures if suspects else [],
        good=good,
        blocking=True,
        columns=("feature", "ROC-AUC alone", "ROC-AUC of being null"),
        rows=sorted(table, key=lambda row: row[1], reverse=True),
    )


def null_features(features: NDArray[np.floating], feature_names: Sequence[str]) -> Finding:
    """At least one input is known somewhere; inputs that never are get named (blocking where all are)."""
    empty = [n for c, n in enumerate(feature_names) if np.isnan(features[:, c]).all()]
    all_empty = len(empty) == len(feature_names)
    failures = ["Every input is null in every row: nothing can be learnt."] if all_empty else []
    used = share(len(feature_names) - len(empty), len(feature_names))
    good = f"{percent(used)} of the inputs are known somewhere" + (
        f"; null throughout: {listed(empty)}." if empty else "."
    )
    return finding("null_features", failures, good=good, blocking=True)


def _separation(values: Floats, attack: Floats, *, least: int) -> float:
    """The ROC-AUC of the known values or of their negative; 0.5 with too few of either class."""
    here = ~np.isnan(values)
    values, attack = values[here], attack[here]
    yes = int((attack == 1).sum())
    if min(yes, attack.size - yes) < least or values.min() == values.max():
        return 0.5
    area, _ = rank_areas(attack, values, resample(np.zeros(attack.size, dtype=np.int64), replicates=0))
    return max(area.value, 1 - area.value)


def _also_within(values: Floats, attack: Floats, participant: NDArray[np.int64], *, settings: QualitySettings) -> bool:
    """Whether they tell a participant's own days apart; yes where nobody has days of both kinds."""
    here = ~np.isnan(values)
    area = within_person_area(attack[here], values[here], resample(participant[here], replicates=0)).value
    return bool(np.isnan(area)) or max(area, 1 - area) >= settings.leak_within_person_auc


def _sampled(rows: NDArray[np.int64], *, most: int) -> NDArray[np.int64]:
    """At most `most` of the rows, evenly spaced: enough to see a leak, and the same ones every time."""
    return rows if rows.size <= most else rows[np.linspace(0, rows.size - 1, most).astype(np.int64)]
