"""Drift of a window: all its features and the model's output, compared with the model's stored reference.

Not here: one feature (`core.monitoring.drift.feature_drift`), limits (`core.monitoring.limits`), relations between
features (`core.monitoring.drift.domain_classifier`), the result's structs (`core.monitoring.drift.result`).

A feature drifts if a statistic exceeds both its limit (PSI 0.2, distances 0.1), above which a difference matters, and
its critical value, above which it is not explained by chance. With few rows, chance alone exceeds the limit (a PSI of
0.32 with 50 rows). With many rows, differences that do not matter exceed the critical value. All features and
statistics share one probability of a false alarm.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from migraine_assets.core.monitoring.drift.feature_drift import MOST_STATISTICS, FeatureTest, measure_feature
from migraine_assets.core.monitoring.drift.result import Drift, FeatureDrift
from migraine_assets.core.monitoring.limits import DriftLimits
from migraine_assets.core.monitoring.verdict import Verdict, worst
from migraine_assets.core.reference_bins import FeatureReference, bin_counts

SHORT_HISTORY = (
    "The participants of this window have shorter diaries than those of the training data, which shifts every feature "
    "that covers several days. That alone is no reason to retrain."
)


@dataclass(frozen=True)
class Window:
    """Current rows: `matrix` float[n, F] with columns `names`, and the participant of each row [n].

    `unit`: what `participants` holds; of one person it is weeks.
    """

    matrix: NDArray[Any]
    names: Sequence[str]
    participants: NDArray[Any]
    unit: str = "participants"


@dataclass(frozen=True)
class DriftReference:
    """The reference of a window: binned references by feature, computed from `participants` participants.

    `categories`: features with values that have no order. `samples`: sorted reference values without NaN, if rows are
    available. `history`: features that cover several days. `tenure`: the feature that counts the known days among them.
    """

    references: Mapping[str, FeatureReference]
    participants: int
    categories: Collection[str] = ()
    samples: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    history: Collection[str] = ()
    tenure: str | None = None


def measure_drift(
    window: Window, against: DriftReference, *, limits: DriftLimits | None = None, domain_auc: float | None = None
) -> Drift:
    """Measure every column of `window` that has a reference. Equal windows give equal results."""
    limits = limits or DriftLimits()
    names, person = np.unique(window.participants, return_inverse=True)
    rows, participants = len(person), int(names.size)
    if rows < limits.least_rows or participants < limits.least_people:
        verdict = _too_small(rows, participants, limits, window.unit)
        return _drift(verdict, rows=rows, participants=participants, features={}, domain_auc=domain_auc)
    known = [(k, against.references[name]) for k, name in enumerate(window.names) if name in against.references]
    tests = ((k, _test(reference, against, limits, len(known))) for k, reference in known)
    features = {
        test.reference.name: measure_feature(np.asarray(window.matrix[:, k], dtype=np.float64), person, test)
        for k, test in tests
    }
    shorter = _shorter_history(window, features, against)
    if shorter:
        features = {name: _excused(item) if name in against.history else item for name, item in features.items()}
    verdict = _overall(features.values(), domain_auc, limits)
    if shorter:
        verdict = Verdict(verdict.status, (*verdict.reasons, SHORT_HISTORY))
    return _drift(verdict, rows=rows, participants=participants, features=features, domain_auc=domain_auc)


def _test(reference: FeatureReference, against: DriftReference, limits: DriftLimits, features: int) -> FeatureTest:
    return FeatureTest(
        reference,
        participants=against.participants,
        limits=limits,
        level=limits.alpha / max(1, MOST_STATISTICS * features),
        ordered=reference.name not in against.categories,
        sample=against.samples.get(reference.name),
    )


def _drift(verdict: Verdict, *, features: dict[str, FeatureDrift], **fields: Any) -> Drift:
    alarming = [name for name, item in features.items() if item.alarms]
    moved = tuple(sorted(alarming, key=lambda name: -features[name].drift_ratio))
    return Drift(verdict.status, verdict.reasons, features=features, moved=moved, **fields)


def _too_small(rows: int, participants: int, limits: DriftLimits, unit: str) -> Verdict:
    text = (
        f"{rows} rows of {participants} {unit}; at least {limits.least_rows} rows of {limits.least_people} "
        f"{unit} are needed to distinguish drift from chance."
    )
    return Verdict("too little data", (text,))


def _shorter_history(window: Window, features: Mapping[str, FeatureDrift], against: DriftReference) -> bool:
    """Return whether the window's participants have significantly shorter diaries than those of the reference."""
    if against.tenure is None or against.tenure not in features or not features[against.tenure].alarms:
        return False
    reference = against.references[against.tenure]
    now = bin_counts(reference.edges, window.matrix[:, list(window.names).index(reference.name)])[:-1]
    before = np.asarray(reference.counts)
    if not now.sum() or not before.sum():
        return False
    # Positive if the window has more rows in the lower bins.
    return float((np.cumsum(now) / now.sum() - np.cumsum(before) / before.sum()).sum()) > 0


def _excused(item: FeatureDrift) -> FeatureDrift:
    return replace(item, status="suspected") if item.alarms else item


def _overall(features: Collection[FeatureDrift], domain_auc: float | None, limits: DriftLimits) -> Verdict:
    """Combine the verdicts of the features. Features with too little data do not hide the verdicts of others."""
    verdict = worst(features)
    if domain_auc is not None and domain_auc > limits.domain_auc and not verdict.alarms:
        text = f"A classifier distinguishes the window from the reference with an ROC-AUC of {domain_auc:.2f}."
        return Verdict("suspected", (*(verdict.reasons if verdict.status == "suspected" else ()), text))
    return verdict if verdict.reasons else Verdict(verdict.status, ("No feature has moved beyond its limit.",))
