"""Drift of one feature: its statistics, their critical values, and the verdict.

Not here: the statistics (`core.monitoring.drift.distances`, `core.reference_bins`), chance
(`core.monitoring.drift.chance`), the window as a whole (`core.monitoring.drift.task_drift`), limits
(`core.monitoring.limits`).
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.monitoring.drift.chance import (
    Counts,
    EffectiveSampleSize,
    effective_sample_size,
    js_critical_value,
    ks_critical_value,
    participant_sample_size,
    psi_critical_value,
    share_critical_value,
)
from migraine_assets.core.monitoring.drift.distances import jensen_shannon, ks_binned, ks_exact
from migraine_assets.core.monitoring.drift.result import FeatureDrift, Statistic, StatisticName
from migraine_assets.core.monitoring.limits import DriftLimits
from migraine_assets.core.monitoring.verdict import Verdict
from migraine_assets.core.reference_bins import FeatureReference, bin_indices, psi

# The verdict "suspected" needs less evidence than "drift": its probability of a false alarm is this many times larger.
LIKELY = 10.0
# Maximum number of statistics per feature; a window divides its probability of a false alarm among all of them.
MOST_STATISTICS = 3


@dataclass(frozen=True)
class FeatureTest:
    """The test of one feature.

    `participants`: number of participants of the reference. `sample`: sorted reference values without NaN, if rows are
    available. `ordered`: whether values have an order; False for a category. `level`: probability of a false alarm for
    each statistic.
    """

    reference: FeatureReference
    participants: int
    limits: DriftLimits
    level: float
    ordered: bool = True
    sample: NDArray[np.float64] | None = None

    def statistic(self, value: float, limit: float, critical_value: Callable[[float], float]) -> Statistic:
        """Return the statistic `value` with its limits. `critical_value` maps a probability of chance to a value."""
        chance, likely = critical_value(self.level), critical_value(LIKELY * self.level)
        return Statistic(_finite(value), limit, _finite(chance), _finite(likely), _finite(max(limit, chance)))


def measure_feature(values: NDArray[np.float64], person: NDArray[np.intp], test: FeatureTest) -> FeatureDrift:
    """Compare `values` float64[n] (NaN if missing) with the reference of `test`: statistics and verdict.

    `person` intp[n]: the participant of each value, numbered from 0.
    """
    by_participant = _counts_by_participant(test.reference, values, person)
    sizes = _sample_size(by_participant[:, :-1], test)
    statistics = dict(_statistics(values, by_participant, sizes, test))
    total, rows = by_participant.sum(axis=0), int(by_participant[:, :-1].sum())
    verdict = _judge(test.reference.name, statistics, test.limits)
    return FeatureDrift(
        verdict.status,
        verdict.reasons,
        drift_ratio=_ratio(statistics.values()),
        rows=rows,
        missing=float(total[-1] / total.sum()),
        sample_size=sizes,
        statistics=statistics,
    )


def _ratio(statistics: Collection[Statistic]) -> float:
    known = [s.value / s.visible for s in statistics if s.value is not None and s.visible is not None]
    return max(known, default=0.0)


def _counts_by_participant(
    reference: FeatureReference, values: NDArray[np.float64], person: NDArray[np.intp]
) -> Counts:
    """Count rows per participant and bin, missing values last: float64[participants, bins + 1]."""
    bins = len(reference.edges) + 2
    indices = bin_indices(reference.edges, values)
    participants = int(person.max()) + 1
    counts = np.bincount(person * bins + indices, minlength=participants * bins)
    return counts.reshape(participants, bins).astype(np.float64)


def _sample_size(by_participant: Counts, test: FeatureTest) -> EffectiveSampleSize:
    return effective_sample_size(
        by_participant,
        reference_rows=max(1, sum(test.reference.counts)),
        reference_participants=test.participants,
        ordered=test.ordered,
    )


def _statistics(
    values: NDArray[np.float64], by_participant: Counts, sizes: EffectiveSampleSize, test: FeatureTest
) -> Iterator[tuple[StatisticName, Statistic]]:
    counts, before = by_participant.sum(axis=0)[:-1], np.asarray(test.reference.counts, dtype=np.float64)
    bins, limits = len(before), test.limits
    if counts.sum() and before.sum() and bins > 1:
        yield (
            "psi",
            test.statistic(psi(before, counts), limits.psi, lambda level: psi_critical_value(bins, sizes, level=level)),
        )
        if not test.ordered:
            yield (
                "js",
                test.statistic(
                    jensen_shannon(before, counts), limits.js, lambda level: js_critical_value(bins, sizes, level=level)
                ),
            )
        else:
            distance = ks_binned(before, counts) if test.sample is None else ks_exact(test.sample, values)
            yield "ks", test.statistic(distance, limits.ks, lambda level: ks_critical_value(sizes, level=level))
    yield "missing", _missing(by_participant, test)


def _missing(by_participant: Counts, test: FeatureTest) -> Statistic:
    """Measure the absolute change of the share of rows without a value."""
    known, missing = by_participant[:, :-1].sum(axis=1), by_participant[:, -1]
    total = sum(test.reference.counts) + test.reference.missing
    before = test.reference.missing / max(1, total)
    now = float(missing.sum() / (known.sum() + missing.sum()))
    # Leaving a field empty is a habit of a participant, so each participant counts as one row.
    sizes = participant_sample_size(known + missing, reference_participants=test.participants)
    middle = (before * sizes.reference + now * sizes.current) / (sizes.reference + sizes.current)
    return test.statistic(
        abs(now - before), test.limits.missing, lambda level: share_critical_value(middle, sizes, level=level)
    )


_TITLES: Mapping[StatisticName, str] = {
    "psi": "population stability index",
    "ks": "Kolmogorov-Smirnov distance",
    "js": "Jensen-Shannon distance",
    "missing": "change of the share without a value",
}


def _judge(name: str, statistics: Mapping[StatisticName, Statistic], limits: DriftLimits) -> Verdict:
    if all(s.visible is None or s.visible > limits.blind * s.limit for s in statistics.values()):
        visible = ", ".join(f"{_TITLES[key]} {s.visible:.2f}" for key, s in statistics.items() if s.visible is not None)
        return Verdict(
            "too little data", (f"{name}: the smallest differences that chance could not explain: {visible}.",)
        )
    beyond = {key: s for key, s in statistics.items() if _exceeds(s.value, s.limit)}
    if certain := [
        _sentence(name, key, s, "chance reaches") for key, s in beyond.items() if _exceeds(s.value, s.chance)
    ]:
        return Verdict("drift", tuple(certain))
    if likely := [
        _sentence(name, key, s, "chance may reach") for key, s in beyond.items() if _exceeds(s.value, s.likely)
    ]:
        return Verdict("suspected", tuple(likely))
    return Verdict("none")


def _exceeds(value: float | None, line: float | None) -> bool:
    """Return whether both are known and `value` is above `line`."""
    return value is not None and line is not None and value > line


def _sentence(name: str, key: StatisticName, s: Statistic, line: str) -> str:
    return f"{name}: {_TITLES[key]} {s.value:.3f} (limit {s.limit:g}; {line} {s.chance:.3f})."


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
