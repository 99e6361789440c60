"""The stored results of measuring drift: statistics, features, and the window of a model.

The JSON names of the structs are part of the stored format. Not here: computing them
(`core.monitoring.drift.task_drift`), files (`stores.monitoring.results`).
"""

import datetime as dt
from typing import Literal

import msgspec

from migraine_assets.core.monitoring.drift.chance import EffectiveSampleSize
from migraine_assets.core.monitoring.verdict import Verdict

StatisticName = Literal["psi", "ks", "js", "missing"]


class Statistic(msgspec.Struct, frozen=True):
    """One statistic of a feature; None stands for a value that is not finite.

    `limit`: smallest difference that matters. `chance`: critical value at this statistic's part of alpha. `likely`:
    critical value at ten times that probability. `visible`: smallest value that would be drift in this window.
    """

    value: float | None
    limit: float
    chance: float | None
    likely: float | None
    visible: float | None


class FeatureDrift(Verdict, frozen=True, kw_only=True):
    """The drift of one feature.

    `rows`: number of rows with a value. `missing`: share of rows without a value. `drift_ratio`: largest ratio of a
    statistic to the smallest value that would be drift; more than 1 is drift.
    """

    drift_ratio: float = msgspec.field(name="score")
    rows: int
    missing: float
    sample_size: EffectiveSampleSize = msgspec.field(name="worth")
    statistics: dict[StatisticName, Statistic]


class Drift(Verdict, frozen=True, kw_only=True):
    """The drift of a window.

    `moved`: features that drifted, largest ratio first. `domain_auc`: None if it was not computed.
    """

    rows: int
    participants: int
    features: dict[str, FeatureDrift] = msgspec.field(default_factory=dict)
    domain_auc: float | None = None
    moved: tuple[str, ...] = ()


class ModelDrift(Drift, frozen=True, kw_only=True):
    """The drift of a model's window. `since`: first day of the current status without interruption."""

    bundle: str
    algorithm: str
    since: dt.date | None = None
