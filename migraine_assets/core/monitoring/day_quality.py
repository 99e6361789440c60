"""The quality of one day of predictions: completeness and latency, compared with the days before.

Not here: the quality of a diary delivery (`core.quality`), files (`stores.monitoring.results`).
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import pandas as pd

from migraine_assets.core.monitoring.verdict import Verdict

# Number of earlier days that a comparison needs.
LEAST_DAYS = 3


class DayQuality(Verdict, frozen=True, kw_only=True):
    """The quality of one day.

    `abstained`: share of predictions without a number. `missing`: share of rows without a value, by feature. `torn`:
    number of lines of the prediction log that are not a record. `damaged`: a sentence for each damaged file.
    """

    rows: int
    participants: int
    abstained: float | None
    latency_p95_ms: float | None
    torn: int = 0
    missing: dict[str, float] = msgspec.field(default_factory=dict)
    damaged: tuple[str, ...] = ()


def day_quality(
    predictions: pd.DataFrame,
    *,
    missing: Mapping[str, float],
    torn: int,
    damaged: Sequence[str] = (),
    earlier: Sequence[DayQuality],
    limit: float,
) -> DayQuality:
    """Describe a day of predictions.

    The reasons list the features with a share `missing` that differs from the `earlier` days by more than `limit`, and
    the damaged files of the log. `predictions` has the columns `id`, `participant`, `abstained` and `latency_ms`.
    """
    distinct = predictions.drop_duplicates("id")
    verdict = _verdict(len(distinct), (*_changed(missing, earlier, limit), *damaged))
    return DayQuality(
        verdict.status,
        verdict.reasons,
        rows=len(distinct),
        participants=int(distinct["participant"].nunique()),
        abstained=float(distinct["abstained"].mean()) if len(distinct) else None,
        latency_p95_ms=float(distinct["latency_ms"].quantile(0.95)) if len(distinct) else None,
        torn=torn,
        missing=dict(missing),
        damaged=tuple(damaged),
    )


def _verdict(rows: int, changed: tuple[str, ...]) -> Verdict:
    if changed:
        return Verdict("suspected", changed)
    if rows:
        return Verdict("none", ("As on the days before.",))
    return Verdict("too little data", ("No prediction was made on this day.",))


def _changed(missing: Mapping[str, float], earlier: Sequence[DayQuality], limit: float) -> list[str]:
    usual = {name: _usual(name, earlier) for name in missing}
    return [
        f"{name}: {share:.0%} without a value, compared with {before:.0%} on the days before."
        for name, share in missing.items()
        if (before := usual[name]) is not None and abs(share - before) > limit
    ]


def _usual(name: str, earlier: Sequence[DayQuality]) -> float | None:
    shares = [day.missing[name] for day in earlier if name in day.missing]
    return float(np.median(shares)) if len(shares) >= LEAST_DAYS else None
