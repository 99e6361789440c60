"""The result of measuring drift, as it is stored: statistics, features, and the window of a model.

Here: the structs. Their JSON names are part of the stored format. Not here: computing them
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

    `limit`: smallest difference that matters. `chance`: value that chance exceeds with its part of alpha. `likely`:
    the same with ten times that probability. `visible`: smallest value that this window would report as drift.
    """

    value: float | None
    limit: float
    chance: float | None
    likely: float | None
    visible: float | None


class FeatureDrift(Verdict, frozen=True, kw_only=True):
    """One feature. `rows` have a value, the share `missing` has none.

    `drift_ratio`: the largest statistic as a share of what would be reported as drift (1 is drift).
    """

    drift_ratio: float = msgspec.field(name="score")
    rows: int
    missing: float
    sample_size: EffectiveSampleSize = msgspec.field(name="worth")
    statistics: dict[StatisticName, Statistic]


class Drift(Verdict, frozen=True, kw_only=True):
    """A window. `moved`: features that drifted, largest ratio first. `domain_auc`: None if it was not computed."""

    rows: int
    participants: int
    features: dict[str, FeatureDrift] = msgspec.field(default_factory=dict)
    domain_auc: float | None = None
    moved: tuple[str, ...] = ()


class ModelDrift(Drift, frozen=True, kw_only=True):
    """The window of a model. `since`: first day of this status without interruption."""

    bundle: str
    algorithm: str
    since: dt.date | None = None
