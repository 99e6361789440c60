"""The evaluation of one task as data: everything that its report shows.

Not here: computing the values (`core.evaluation.champion_analysis`), plotting and writing them (`report`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from migraine_assets.core.evaluation.data_flow import FlowStep
from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.evaluation.importance import Importance
from migraine_assets.core.evaluation.selection import Decision, Ranking
from migraine_assets.core.evaluation.subgroups import Subgroup
from migraine_assets.core.features.outcome import OutcomeDefinition
from migraine_assets.core.metrics.bootstrap import Floats
from migraine_assets.core.metrics.curves import ConfusionMatrix, DecisionCurve, PrecisionRecallCurve, RocCurve
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.metrics.metrics import ATTACK_METRICS, SEVERITY_METRICS
from migraine_assets.core.metrics.reliability import Reliability
from migraine_assets.core.models.calibration import Conformal
from migraine_assets.core.tasks import Task

SeverityKind = Literal["severity", "burden"]

METRICS: Mapping[str, tuple[str, ...]] = {"attack": ATTACK_METRICS, "severity": SEVERITY_METRICS}

# The metric that ranks the models of a task, and the one whose drop from training to validation is overfitting.
HEADLINE: Mapping[str, str] = {"attack": "roc_auc", "severity": "rmse"}
FIT: Mapping[str, str] = {"attack": "roc_auc", "severity": "r2"}


@dataclass(frozen=True)
class ModelRow:
    """One model.

    `used`: description of the estimator that was fitted. `cv`, `train`, `test`: its metrics; None if unknown. `error`:
    why the model failed; it then has no scores. `bundle`: hash of the bundle that would be served. `threshold`:
    decision threshold.
    """

    key: str
    used: str
    seconds: float
    cv: Scores | None
    train: Scores | None
    test: Scores | None
    flags: tuple[Flag, ...] = ()
    error: str | None = None
    bundle: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    threshold: float | None = None
    conformal: Conformal | None = None


@dataclass(frozen=True)
class Part:
    """The size of the training or test part. `events`: attacks (None for regression); days are ISO dates."""

    rows: int
    participants: int
    events: int | None = None
    first_day: str | None = None
    last_day: str | None = None


@dataclass(frozen=True)
class HorizonSkill:
    """The cross-validated ROC-AUC of one model and of the personal rate `horizon` days ahead, and the model's lead.

    `attack_rate`: the share of the `rows` with the outcome.
    """

    horizon: int
    rows: int
    attack_rate: float
    model: Interval
    personal_rate: Interval
    lead: Interval


@dataclass(frozen=True)
class AttackCurves:
    """The curves of one model or baseline (`key`) on the test part."""

    key: str
    roc: RocCurve
    precision_recall: PrecisionRecallCurve
    reliability: Reliability
    decision: DecisionCurve


@dataclass(frozen=True)
class Coverage:
    """The nominal coverage of the conformal interval, and the share of test rows that it covers."""

    promised: Conformal
    observed: Interval


@dataclass(frozen=True)
class Residuals:
    """Observed and predicted values of the champion, float64[m], for a sample of the test rows, and its errors.

    `edges` float64[b + 1] and `counts` float64[b] are the histogram of predicted minus observed over all test rows;
    `mean_predicted` and `mean_observed` float64[k] are the means in bins with equal numbers of predictions.
    """

    observed: Floats
    predicted: Floats
    edges: Floats
    counts: Floats
    mean_predicted: Floats
    mean_observed: Floats
    bias: Interval
    coverage: Coverage | None


@dataclass(frozen=True)
class TaskEvaluation:
    """The evaluation of one task.

    `baselines`: the metrics "cv" and "test" of each baseline in `core.evaluation.baselines.BASELINES`. `ranking`: the
    models that met the bar, best first, and the refused ones. `gain`: the lead of the champion over the personal rate
    on the test rows, in the headline metric; positive is better. `decision`: whether the champion was promoted; None if
    this is not decided yet. `outcome`: what counts as an attack. `forward`: split in time; `one_person`: and all of it
    is of one person. `horizons`: the skill by horizon, if it was asked for.
    """

    task: Task
    severity_kind: SeverityKind
    horizon: int
    train: Part
    test: Part
    flow: tuple[FlowStep, ...]
    rows: tuple[ModelRow, ...]
    baselines: Mapping[str, Mapping[str, Scores]]
    ranking: Ranking
    decision: Decision | None = None
    gain: Interval = UNKNOWN
    curves: tuple[AttackCurves, ...] = ()
    confusion: ConfusionMatrix | None = None
    residuals: Residuals | None = None
    importance: tuple[Importance, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    outcome: OutcomeDefinition = field(default_factory=OutcomeDefinition)
    forward: bool = False
    one_person: bool = False
    horizons: tuple[HorizonSkill, ...] = ()

    @property
    def champion(self) -> str | None:
        """The key of the best model, or None if no model met the bar. It is a candidate if `refused`."""
        return self.ranking.champion

    @property
    def challenger(self) -> str | None:
        """The key of the second-best model, or None."""
        return self.ranking.challenger

    @property
    def refused(self) -> bool:
        """Whether the gate refused the best model, so that another one is the champion."""
        return self.decision is not None and self.decision.outcome == "refused"

    @property
    def headline(self) -> str:
        """The metric that ranks the models of this task."""
        return HEADLINE[self.task]

    def row(self, key: str | None) -> ModelRow | None:
        """Return the row of the model `key`; None if there is none."""
        return next((row for row in self.rows if row.key == key), None)

    def ranked(self) -> tuple[ModelRow, ...]:
        """Return the models that met the bar, best first, then refused models, then failed models."""
        rank = {key: index for index, key in enumerate(self.ranking.order)}
        return tuple(sorted(self.rows, key=lambda row: (rank.get(row.key, len(rank)), row.error is not None)))
