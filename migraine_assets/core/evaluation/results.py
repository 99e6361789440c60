"""What an evaluation of one task holds: everything that its report says, and nothing that has to be looked up.

Here belong the shapes. Not here: how they are filled (`core.evaluation.champion_analysis`), drawn or written
(`report`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.evaluation.importance import Importance
from migraine_assets.core.evaluation.selection import Decision, Ranking
from migraine_assets.core.evaluation.subgroups import Subgroup
from migraine_assets.core.metrics.bootstrap import Floats
from migraine_assets.core.metrics.curves import ConfusionMatrix, DecisionCurve, PrecisionRecallCurve, RocCurve
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.metrics.metrics import ATTACK_METRICS, SEVERITY_METRICS
from migraine_assets.core.metrics.reliability import Reliability
from migraine_assets.core.models.calibration import Conformal
from migraine_assets.core.tasks import Task

SeverityKind = Literal["severity", "burden"]

METRICS: Mapping[str, tuple[str, ...]] = {"attack": ATTACK_METRICS, "severity": SEVERITY_METRICS}

# The metric that ranks a task's models, and the one whose fall from training to validation is overfitting.
HEADLINE: Mapping[str, str] = {"attack": "roc_auc", "severity": "rmse"}
FIT: Mapping[str, str] = {"attack": "roc_auc", "severity": "r2"}


@dataclass(frozen=True)
class ModelRow:
    """One model. `used`: what really ran; `cv`, `train`, `test`: its metrics, None where it was not scored.

    `error` says why a model failed (it then has no scores); `bundle` is the hash of what would be served;
    `threshold` the probability from which an attack is announced.
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
class FlowStep:
    """A stage of the data's way: its rows and participants (None: not counted there), and what happened."""

    name: str
    rows: int
    participants: int | None = None
    note: str = ""


@dataclass(frozen=True)
class Part:
    """The size of the training or test part. `events`: attacks (None for a regression); days as ISO dates."""

    rows: int
    participants: int
    events: int | None = None
    first_day: str | None = None
    last_day: str | None = None


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
    """What a conformal interval promised and the share of test rows that it held."""

    promised: Conformal
    observed: Interval


@dataclass(frozen=True)
class Residuals:
    """The champion's predictions (float64[m], a bounded sample of the test part) beside what came, and its
    errors.

    `edges` float64[b + 1] and `counts` float64[b] are the histogram of predicted minus observed over all test
    rows; `mean_predicted` and `mean_observed` float64[k] the means in bins of equally many predictions.
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
    """One task, evaluated.

    `baselines`: for each of `core.evaluation.baselines.BASELINES`, its metrics on "cv" and "test".
    `ranking`: who met the bar, best first, and who did not; `gain`: how much better the champion is than the
    participant's own rate on the same test rows, in the headline metric, paired over participants, positive is
    better. `decision`: whether the champion was promoted, None where that has not been decided.
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

    @property
    def champion(self) -> str | None:
        """The key of the best model, None where no model met the bar."""
        return self.ranking.champion

    @property
    def challenger(self) -> str | None:
        """The key of the second best model."""
        return self.ranking.challenger

    @property
    def headline(self) -> str:
        """The metric that ranks this task's models."""
        return HEADLINE[self.task]

    def row(self, key: str | None) -> ModelRow | None:
        """The model called `key`, None where there is none."""
        return next((row for row in self.rows if row.key == key), None)

    def ranked(self) -> tuple[ModelRow, ...]:
        """The models, best first: those that met the bar, then the others as given, the failed ones last."""
        place = {key: index for index, key in enumerate(self.ranking.order)}
        return tuple(sorted(self.rows, key=lambda row: (place.get(row.key, len(place)), row.error is not None)))
