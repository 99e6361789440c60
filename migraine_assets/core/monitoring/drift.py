"""Whether the world has moved: each feature of a window, and the scores, against the model's stored reference.

Here belong the limits and the verdicts. Not here: statistics (`distance`, `core.reference_bins`), chance (`noise`),
several features at once (`domain`).

Two lines must be crossed: the field's (PSI 0.2, distances 0.1), for a difference that matters, and that of chance, for
one that is there. With few rows chance alone crosses the first (a PSI of 0.32 among 50 rows), with many rows the second
is crossed by differences that nobody would mind. Chance is allowed `alpha` over all features and statistics together.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.monitoring.chance import (
    Counts,
    Worth,
    habits,
    js_point,
    ks_point,
    psi_point,
    share_point,
    worth,
)
from migraine_assets.core.monitoring.distances import jensen_shannon, ks_binned, ks_exact
from migraine_assets.core.monitoring.verdict import Verdict, worst
from migraine_assets.core.reference_bins import FeatureReference, bin_counts, bin_places, psi

SCORE = "score"
# A window is suspected at a probability of chance that is so many times that of drift.
LIKELY = 10.0
NEWER = (
    "The people of this window have kept a diary for a shorter time than those of the training, which moves by itself "
    "what looks at several days: that alone is no reason to train again."
)


@dataclass(frozen=True)
class Limits:
    """`psi`, `ks`, `js`: population stability index, Kolmogorov-Smirnov and Jensen-Shannon distance; `missing`: change
    of the share without a value; `domain_auc`: of a classifier that tells the window from the reference. `alpha`: the
    probability of any alarm where nothing has moved. `least_rows`, `least_people`: below, nothing is said; nor of a
    feature of which only differences beyond `blind` times the limits would be seen.
    """

    psi: float = 0.2
    ks: float = 0.1
    js: float = 0.1
    missing: float = 0.1
    domain_auc: float = 0.7
    alpha: float = 0.02
    least_rows: int = 30
    least_people: int = 10
    blind: float = 5.0


@dataclass(frozen=True)
class Statistic:
    """One statistic of a feature. `limit`: the field's line; `chance`: what chance exceeds with its part of alpha;
    `likely`: the same with ten times that.
    """

    name: str
    value: float
    limit: float
    chance: float
    likely: float

    @property
    def visible(self) -> float:
        """The smallest value that would be called drift in this window."""
        return max(self.limit, self.chance)


@dataclass(frozen=True)
class FeatureDrift:
    """One feature. `rows` with a value; `worth`: independent rows that the window and the reference are worth."""

    name: str
    verdict: Verdict
    rows: int
    missing: float
    worth: Worth
    statistics: tuple[Statistic, ...]

    @property
    def score(self) -> float:
        """How far it moved, as a share of what would be called drift: 1 and more is drift."""
        known = [s.value / s.visible for s in self.statistics if math.isfinite(s.value) and math.isfinite(s.visible)]
        return max(known, default=0.0)


@dataclass(frozen=True)
class Drift:
    """A window. `domain_auc`: None where it was not asked."""

    verdict: Verdict
    rows: int
    participants: int
    features: tuple[FeatureDrift, ...]
    domain_auc: float | None = None

    @property
    def moved(self) -> tuple[FeatureDrift, ...]:
        """What drifted, the most first."""
        return tuple(sorted((f for f in self.features if f.verdict.alarms), key=lambda f: -f.score))

    def to_json(self) -> dict[str, Any]:
        """Plain values; what is no finite number becomes None."""
        return {
            **self.verdict.to_json(),
            "rows": self.rows,
            "participants": self.participants,
            "domain_auc": self.domain_auc,
            "features": {item.name: _feature_json(item) for item in self.features},
        }


def _feature_json(item: FeatureDrift) -> dict[str, Any]:
    return {
        **item.verdict.to_json(),
        "score": item.score,
        "rows": item.rows,
        "missing": item.missing,
        "worth": asdict(item.worth),
        "statistics": {
            s.name: {key: _finite(value) for key, value in asdict(s).items() if key != "name"}
            | {"visible": _finite(s.visible)}
            for s in item.statistics
        },
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class Window:
    """Rows to look at: `matrix` float[n, F] with columns `names`, and whose each row is, codes or names [n]."""

    matrix: NDArray[Any]
    names: Sequence[str]
    participants: NDArray[Any]


@dataclass(frozen=True)
class Against:
    """What the window is held against: a reference for each name, over `people` participants.

    `categories`: names whose values have no order. `kept`: sorted reference values without NaN, where rows are kept.
    `history`: names that look at several days; `tenure`: the one that says how many of these days are known.
    """

    references: Mapping[str, FeatureReference]
    people: int
    categories: Collection[str] = ()
    kept: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    history: Collection[str] = ()
    tenure: str | None = None


def measure(
    window: Window, against: Against, *, limits: Limits | None = None, domain_auc: float | None = None
) -> Drift:
    """Every column of the window that has a reference. Pure: the same window gives the same drift."""
    limits = limits or Limits()
    people, person = np.unique(window.participants, return_inverse=True)
    rows = len(person)
    if rows < limits.least_rows or people.size < limits.least_people:
        text = (
            f"{rows} rows of {people.size} participants; at least {limits.least_rows} of {limits.least_people} are "
            "needed to tell drift from chance."
        )
        return Drift(Verdict("too little data", (text,)), rows, int(people.size), (), domain_auc)
    known = [(k, against.references[name]) for k, name in enumerate(window.names) if name in against.references]
    # A feature has up to three statistics.
    level = limits.alpha / max(1, 3 * len(known))
    features = tuple(
        _feature(np.asarray(window.matrix[:, k], dtype=np.float64), person, reference, against, limits, level)
        for k, reference in known
    )
    newer = _newer(window, features, against)
    if newer:
        features = tuple(_excused(item) if item.name in against.history else item for item in features)
    verdict = _whole(features, domain_auc, limits)
    if newer:
        verdict = Verdict(verdict.status, (*verdict.reasons, NEWER))
    return Drift(verdict, rows, int(people.size), features, domain_auc)


def _newer(window: Window, features: Sequence[FeatureDrift], against: Against) -> bool:
    """Whether fewer days are known of the window's people than of the reference's, beyond chance."""
    if not any(item.name == against.tenure and item.verdict.alarms for item in features):
        return False
    reference = against.references[str(against.tenure)]
    now = bin_counts(reference.edges, window.matrix[:, list(window.names).index(reference.name)])[:-1]
    before = np.asarray(reference.counts)
    if not now.sum() or not before.sum():
        return False
    # More rows in the lower bins, over all edges together.
    return float((np.cumsum(now) / now.sum() - np.cumsum(before) / before.sum()).sum()) > 0


def _excused(item: FeatureDrift) -> FeatureDrift:
    if not item.verdict.alarms:
        return item
    return replace(item, verdict=Verdict("suspected", item.verdict.reasons))


def _feature(
    values: NDArray[np.float64],
    person: NDArray[np.intp],
    reference: FeatureReference,
    against: Against,
    limits: Limits,
    level: float,
) -> FeatureDrift:
    by_person = _counts_by_person(reference, values, person)
    sizes = _worth(by_person[:, :-1], reference, against)
    found = tuple(_statistics(values, by_person, sizes, reference, against, limits, level))
    total, rows = by_person.sum(axis=0), int(by_person[:, :-1].sum())
    verdict = _judge(reference.name, found, limits)
    return FeatureDrift(reference.name, verdict, rows, float(total[-1] / total.sum()), sizes, found)


def _counts_by_person(reference: FeatureReference, values: NDArray[np.float64], person: NDArray[np.intp]) -> Counts:
    """Rows in each bin, missing ones last, for each participant: float64[people, bins + 1]."""
    bins = len(reference.edges) + 2
    places = bin_places(reference.edges, values)
    people = int(person.max()) + 1
    return np.bincount(person * bins + places, minlength=people * bins).reshape(people, bins).astype(np.float64)


def _worth(by_person: Counts, reference: FeatureReference, against: Against) -> Worth:
    return worth(
        by_person,
        reference_rows=max(1, sum(reference.counts)),
        reference_people=against.people,
        ordered=reference.name not in against.categories,
    )


def _statistics(
    values: NDArray[np.float64],
    by_person: Counts,
    sizes: Worth,
    reference: FeatureReference,
    against: Against,
    limits: Limits,
    level: float,
) -> Iterator[Statistic]:
    counts, before = by_person.sum(axis=0)[:-1], np.asarray(reference.counts, dtype=np.float64)
    bins = len(before)
    if counts.sum() and before.sum() and bins > 1:
        points = [psi_point(bins, sizes, level=each) for each in (level, LIKELY * level)]
        yield Statistic("psi", psi(before, counts), limits.psi, *points)
        if reference.name in against.categories:
            points = [js_point(bins, sizes, level=each) for each in (level, LIKELY * level)]
            yield Statistic("js", jensen_shannon(before, counts), limits.js, *points)
        else:
            kept = against.kept.get(reference.name)
            distance = ks_binned(before, counts) if kept is None else ks_exact(kept, values)
            points = [ks_point(sizes, level=each) for each in (level, LIKELY * level)]
            yield Statistic("ks", distance, limits.ks, *points)
    yield _missing(by_person, reference, against, limits, level)


def _missing(
    by_person: Counts, reference: FeatureReference, against: Against, limits: Limits, level: float
) -> Statistic:
    """The change of the share of rows without a value, whatever its direction."""
    known, missing = by_person[:, :-1].sum(axis=1), by_person[:, -1]
    total = sum(reference.counts) + reference.missing
    before = reference.missing / max(1, total)
    now = float(missing.sum() / (known.sum() + missing.sum()))
    # Not to answer is a habit: each person counts once, whatever this window shows.
    sizes = habits(known + missing, reference_people=against.people)
    middle = (before * sizes.reference + now * sizes.current) / (sizes.reference + sizes.current)
    points = [share_point(middle, sizes, level=each) for each in (level, LIKELY * level)]
    return Statistic("missing", abs(now - before), limits.missing, *points)


_SAYS = {
    "psi": "population stability index",
    "ks": "Kolmogorov-Smirnov distance",
    "js": "Jensen-Shannon distance",
    "missing": "change of the share without a value",
}


def _judge(name: str, statistics: Sequence[Statistic], limits: Limits) -> Verdict:
    if all(s.visible > limits.blind * s.limit for s in statistics):
        seen = ", ".join(f"{_SAYS[s.name]} {s.visible:.2f}" for s in statistics if math.isfinite(s.visible))
        return Verdict("too little data", (f"{name}: the smallest difference that could be told from chance: {seen}.",))
    beyond = [s for s in statistics if s.value > s.limit]
    if certain := [s for s in beyond if s.value > s.chance]:
        return Verdict("drift", tuple(_sentence(name, s, "chance reaches") for s in certain))
    if likely := [s for s in beyond if s.value > s.likely]:
        return Verdict("suspected", tuple(_sentence(name, s, "chance may reach") for s in likely))
    return Verdict("none", ())


def _sentence(name: str, s: Statistic, line: str) -> str:
    return f"{name}: {_SAYS[s.name]} {s.value:.3f} (limit {s.limit:g}; {line} {s.chance:.3f})."


def _whole(features: Sequence[FeatureDrift], domain_auc: float | None, limits: Limits) -> Verdict:
    """The verdict on the window. Many features may be too thin; the others still say what they say."""
    verdict = worst(item.verdict for item in features)
    if domain_auc is not None and domain_auc > limits.domain_auc and not verdict.alarms:
        text = f"A classifier tells the window from the reference with an ROC-AUC of {domain_auc:.2f}."
        return Verdict("suspected", (*(verdict.reasons if verdict.status == "suspected" else ()), text))
    return verdict if verdict.reasons else Verdict(verdict.status, ("No feature has moved beyond its limit.",))
