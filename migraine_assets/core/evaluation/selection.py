"""Selection of the champion and the challenger: the best two models by cross-validated scores.

Selection looks at cross-validated scores only. Here belongs `Decision` too, which selection and gate return. Not here:
the comparison with the current champion (`core.evaluation.gate`), what a flag is (`core.evaluation.flags`).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from migraine_assets.core.evaluation.flags import Flag
from migraine_assets.core.metrics.bootstrap import Draws
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.tasks import Task

Outcome = Literal["first", "accepted", "refused", "unchanged"]


@dataclass(frozen=True)
class Decision:
    """Whether a model takes a place, how it came about, and why.

    `outcome`: "first" where there was nothing to beat, "unchanged" where the same bundle holds the place
    already (not accepted: there is nothing to do). `figures`: intervals by what they measure.
    """

    accepted: bool
    outcome: Outcome
    reasons: tuple[str, ...]
    figures: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values, for a promotion record."""
        figures = {name: interval.to_json() for name, interval in self.figures.items()}
        return {
            "accepted": self.accepted,
            "outcome": self.outcome,
            "reasons": list(self.reasons),
            "figures": figures,
        }


BASE = "base_rate"


@dataclass(frozen=True)
class Result:
    """A model after training.

    `cv`: its cross-validated scores; `lead`: by baseline, how far it is ahead in the score that ranks its task
    (ROC-AUC; RMSE of the baseline minus its own); `failed`: why it was not trained at all.
    """

    key: str
    cv: Scores
    lead: Mapping[str, Interval]
    flags: tuple[Flag, ...] = ()
    failed: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A model that cannot be promoted, and why."""

    key: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """Models that met the bar, best first, and the others with their reasons."""

    order: tuple[str, ...]
    refused: tuple[Refusal, ...]

    @property
    def champion(self) -> str | None:
        """The best, None where no model met the bar."""
        return self.order[0] if self.order else None

    @property
    def challenger(self) -> str | None:
        """The second best, None where fewer than two met the bar."""
        return self.order[1] if len(self.order) > 1 else None


def rank(results: Iterable[Result], *, task: Task) -> Ranking:
    """Models that meet the bar, by cross-validated ROC-AUC, Brier score, key; or by RMSE, MAE, key."""
    judged = [(result, meets_bar(result, task=task)) for result in results]
    good = sorted((result for result, decision in judged if decision.accepted), key=lambda r: _place(r, task))
    refused = tuple(Refusal(result.key, decision.reasons) for result, decision in judged if not decision.accepted)
    return Ranking(tuple(result.key for result in good), refused)


def _place(result: Result, task: Task) -> tuple[float, float, str]:
    def of(name: str) -> float:
        value = result.cv.get(name, UNKNOWN).value
        return value if math.isfinite(value) else math.inf

    return (-of("roc_auc"), of("brier"), result.key) if task == "attack" else (of("rmse"), of("mae"), result.key)


def meets_bar(result: Result, *, task: Task) -> Decision:
    """Whether a model may be promoted at all: trained, no barring flag, better than the base rate.

    A classifier is better where the whole interval of its ROC-AUC is above 0.5, a regressor where its RMSE is
    below that of the training mean (severity is so hard to forecast that an interval would refuse every honest
    model).
    """
    if result.failed is not None:
        return Decision(False, "refused", (f"It was not trained: {result.failed}",))
    reasons = [flag.reason for flag in result.flags if flag.bars]
    better = result.cv.get("roc_auc", UNKNOWN) if task == "attack" else result.lead.get(BASE, UNKNOWN)
    if task == "attack" and not better.ci_low > 0.5:
        reasons.append(f"ROC-AUC {better} is not clearly above 0.5, which is the base rate's.")
    if task == "severity" and not better.value > 0:
        reasons.append(f"RMSE is not below that of the training mean: lead {better}.")
    if reasons:
        return Decision(False, "refused", tuple(reasons), {"better": better})
    return Decision(True, "accepted", ("Better than the base rate, and no finding bars it.",), {"better": better})


def lead(task: Task, ours: Mapping[str, Draws], theirs: Mapping[str, Draws]) -> Interval:
    """How far ahead we are in the score that ranks the task, paired: ROC-AUC, or RMSE with its sign turned."""
    if task == "attack":
        return ours["roc_auc"].minus(theirs["roc_auc"]).interval()
    return theirs["rmse"].minus(ours["rmse"]).interval()
