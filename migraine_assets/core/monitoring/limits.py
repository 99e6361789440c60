"""Limits of monitoring: the differences that matter, and the data that a verdict needs.

Here: the parameters under `monitoring.drift` and `monitoring.performance` of params.yaml. Not here: applying them
(`core.monitoring.drift.task_drift`, `core.monitoring.performance`).
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class DriftLimits:
    """Limits of the statistics and of the data that they need.

    `psi`: population stability index. `ks`, `js`: Kolmogorov-Smirnov and Jensen-Shannon distance. `missing`: change of
    the share without a value. `domain_auc`: ROC-AUC of the domain classifier. `alpha`: probability of a false alarm.
    `least_rows`, `least_people`: below them the status is "too little data", as it is for a feature whose smallest
    visible difference is more than `blind` times the limit.
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
class PerformanceLimits:
    """Limits of a model's performance, compared with its own test.

    `drop`: of accuracy or ROC-AUC. `error_growth`: of the RMSE, as a share. `intercept`, `slope`: distance of the
    calibration from 0 and from 1. `least_rows`, `least_people`, `least_attacks`: below them the status is "too little
    data".
    """

    drop: float = 0.05
    error_growth: float = 0.1
    intercept: float = 0.5
    slope: float = 0.5
    least_rows: int = 50
    least_people: int = 10
    least_attacks: int = 10
