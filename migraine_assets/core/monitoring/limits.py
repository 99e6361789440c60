"""Limits of monitoring: the differences that matter, and the data that a verdict needs.

They are the parameters `monitoring.drift` and `monitoring.performance` in params.yaml. Not here: applying them
(`core.monitoring.drift.task_drift`, `core.monitoring.performance`).
"""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Unit, doc


@dataclass(frozen=True)
class DriftLimits:
    """Limits of the drift statistics and of the data that they need."""

    psi: Annotated[float, doc("Population stability index of a feature.")] = 0.2
    ks: Annotated[float, doc("Kolmogorov-Smirnov distance of a feature.")] = 0.1
    js: Annotated[float, doc("Jensen-Shannon distance of a feature.")] = 0.1
    missing: Annotated[float, Unit("share"), doc("Change of the share without a value.")] = 0.1
    domain_auc: Annotated[float, Unit("ROC-AUC"), doc("ROC-AUC of the domain classifier.")] = 0.7
    alpha: Annotated[float, Unit("probability"), doc("Probability of a false alarm.")] = 0.02
    least_rows: Annotated[int, Unit("rows"), doc('With fewer, the status is "too little data".')] = 30
    least_people: Annotated[int, Unit("participants"), doc('With fewer, the status is "too little data".')] = 10
    blind: Annotated[
        float,
        doc("Too little data for a feature whose smallest visible difference is more than this multiple of the limit."),
    ] = 5.0


@dataclass(frozen=True)
class PerformanceLimits:
    """Limits of a model's performance, compared with its performance on its own test data."""

    drop: Annotated[float, doc("Drop of accuracy or ROC-AUC.")] = 0.05
    error_growth: Annotated[float, Unit("share"), doc("Growth of the RMSE.")] = 0.1
    intercept: Annotated[float, doc("Distance of the calibration intercept from 0.")] = 0.5
    slope: Annotated[float, doc("Distance of the calibration slope from 1.")] = 0.5
    least_rows: Annotated[int, Unit("rows"), doc('With fewer, the status is "too little data".')] = 50
    least_people: Annotated[int, Unit("participants"), doc('With fewer, the status is "too little data".')] = 10
    least_attacks: Annotated[int, Unit("attacks"), doc('With fewer, the status is "too little data".')] = 10
