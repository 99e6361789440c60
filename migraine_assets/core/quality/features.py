"""Checks of the feature table: values are finite or null, and no input is the outcome or reveals it.

Not here: checks of models (`core.evaluation.flags`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.contract import PROVENANCE, names
from migraine_assets.core.formatting import listed, percent, plural, share
from migraine_assets.core.metrics.bootstrap import resample
from migraine_assets.core.metrics.rank_metrics import rank_areas, within_person_area
from migraine_assets.core.quality.finding import Finding, finding
from migraine_assets.core.quality.settings import QualitySettings

TARGET_PREFIX = "target_"
# Features of the predicted day that are known in advance.
CALENDAR: tuple[str, ...] = ("target_weekend",)

Floats = NDArray[np.float64]


def features_finite(features: NDArray[np.floating], feature_names: Sequence[str]) -> Finding:
    """Check that every value of `features` [n, F] is finite or null (blocking)."""
    counts = np.array([np.isinf(features[:, column]).sum() for column in range(len(feature_names))], dtype=np.int64)
    bad = [name for name, count in zip(feature_names, counts, strict=True) if count]
    rows = [
        (name, f"{np.isnan(features[:, column]).sum():,}", f"{counts[column]:,}")
        for column, name in enumerate(feature_names)
    ]
    failures = [f"Infinite values in {listed(bad)}: {plural(int(counts.sum()), 'value')}."] if bad else []
    success = f"All {len(feature_names)} features are finite or null."
    columns = ("feature", "null", "infinite")
    return finding("features_finite", failures, success=success, blocking=True, columns=columns, rows=rows)


def no_outcome_among_inputs(feature_names: Sequence[str]) -> Finding:
    """Check that no input is an outcome, a target, a key or a position in a file (blocking)."""
    forbidden = {*names("outcome", "key"), *PROVENANCE}
    bad = [
        name for name in feature_names if name in forbidden or (name.startswith(TARGET_PREFIX) and name not in CALENDAR)
    ]
    failures = [f"These columns must not be inputs: {listed(bad)}. Remove them from the feature table."] if bad else []
    success = f"None of the {len(feature_names)} inputs is an outcome, a target or a key."
    return finding("no_outcome_among_inputs", failures, success=success, blocking=True)


def no_input_nearly_the_outcome(
    features: NDArray[np.floating],
    feature_names: Sequence[str],
    *,
    attack: Floats,
    participant: NDArray[np.int64],
    settings: QualitySettings,
) -> Finding:
    """Check that no input of `features` [n, F], nor its null mask, ranks attacks almost perfectly (blocking).

    `attack` [n] is 0/1 or NaN if unknown. If participants have days of both kinds, an input is reported only if it also
    separates the days within participants, because past attacks legitimately separate participants who nearly always
    have an attack from those who never have one.
    """
    rows = _sample(np.flatnonzero(~np.isnan(attack)), limit=settings.leak_max_rows)
    attack, participant = attack[rows], participant[rows]
    table, suspects = [], []
    for column, name in enumerate(feature_names):
        values = features[rows, column].astype(np.float64)
        nulls = np.isnan(values).astype(np.float64)
        areas = []
        for description, score in ((name, values), (f"whether {name} is null", nulls)):
            area = _separation(score, attack, least=settings.leak_min_rows)
            areas.append(f"{area:.3f}")
            if area >= settings.leak_auc and _also_within(score, attack, participant, settings=settings):
                suspects.append(f"{description} (ROC-AUC {area:.3f})")
        table.append((name, *areas))
    failures = [f"These inputs reveal the outcome: {listed(suspects)}. Check whether they were recorded after it."]
    success = f"No single input reveals the outcome (ROC-AUC {settings.leak_auc:g}) in {plural(len(rows), 'row')}."
    return finding(
        "no_input_nearly_the_outcome",
        failures if suspects else [],
        success=success,
        blocking=True,
        columns=("feature", "ROC-AUC alone", "ROC-AUC of being null"),
        rows=sorted(table, key=lambda row: row[1], reverse=True),
    )


def null_features(features: NDArray[np.floating], feature_names: Sequence[str]) -> Finding:
    """Check that at least one input has values (blocking), and list the inputs without any."""
    empty = [n for c, n in enumerate(feature_names) if np.isnan(features[:, c]).all()]
    all_empty = len(empty) == len(feature_names)
    failures = ["Every input is null in every row: a model cannot learn anything."] if all_empty else []
    used = share(len(feature_names) - len(empty), len(feature_names))
    success = f"{percent(used)} of the inputs have values" + (f"; always null: {listed(empty)}." if empty else ".")
    return finding("null_features", failures, success=success, blocking=True)


def _separation(values: Floats, attack: Floats, *, least: int) -> float:
    """Return the ROC-AUC of the known values or of their negatives; 0.5 if a class has too few rows."""
    known = ~np.isnan(values)
    values, attack = values[known], attack[known]
    yes = int((attack == 1).sum())
    if min(yes, attack.size - yes) < least or values.min() == values.max():
        return 0.5
    area, _ = rank_areas(attack, values, resample(np.zeros(attack.size, dtype=np.int64), replicates=0))
    return max(area.value, 1 - area.value)


def _also_within(values: Floats, attack: Floats, participant: NDArray[np.int64], *, settings: QualitySettings) -> bool:
    """Return whether the values separate days within participants; True if no participant has days of both kinds."""
    known = ~np.isnan(values)
    area = within_person_area(attack[known], values[known], resample(participant[known], replicates=0)).value
    return bool(np.isnan(area)) or max(area, 1 - area) >= settings.leak_within_person_auc


def _sample(rows: NDArray[np.int64], *, limit: int) -> NDArray[np.int64]:
    """Return at most `limit` evenly spaced rows, which are enough to detect a leak."""
    return rows if rows.size <= limit else rows[np.linspace(0, rows.size - 1, limit).astype(np.int64)]
