"""Selection of the champion and the challenger: the best two models by cross-validated scores.

`Decision`, which selection and gate return, is also defined here. Not here: the comparison with the current champion
(`core.evaluation.gate`), the flags (`core.evaluation.flags`).
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
    """A decision on a model, with its reasons.

    `outcome`: "first" if there was no champion, "unchanged" if the model already is the champion (`accepted` is then
    False, because there is nothing to do). `figures`: the intervals on which the decision is based, by name.
    """

    accepted: bool
    outcome: Outcome
    reasons: tuple[str, ...]
    figures: dict[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the decision as JSON-compatible values, for a promotion record."""
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
    """The result of training one model.

    `cv`: cross-validated scores. `lead`: lead in the headline metric, by baseline (ROC-AUC of the model minus that of
    the baseline, or RMSE of the baseline minus that of the model). `failed`: why the model could not be trained.
    """

    key: str
    cv: Scores
    lead: Mapping[str, Interval]
    flags: tuple[Flag, ...] = ()
    failed: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A model that must not be promoted, with the reasons."""

    key: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Ranking:
    """The models that met the bar, best first, and the refused models with the reasons."""

    order: tuple[str, ...]
    refused: tuple[Refusal, ...]

    @property
    def champion(self) -> str | None:
        """The best model, or None if no model met the bar."""
        return self.order[0] if self.order else None

    @property
    def challenger(self) -> str | None:
        """The second-best model, or None if fewer than two met the bar."""
        return self.order[1] if len(self.order) > 1 else None


def rank(results: Iterable[Result], *, task: Task, one_person: bool = False) -> Ranking:
    """Rank the models that meet the bar: attack by ROC-AUC, Brier score and key, severity by RMSE, MAE and key."""
    decided = [(result, meets_bar(result, task=task, one_person=one_person)) for result in results]
    accepted = sorted((result for result, decision in decided if decision.accepted), key=lambda r: _sort_key(r, task))
    refused = tuple(Refusal(result.key, decision.reasons) for result, decision in decided if not decision.accepted)
    return Ranking(tuple(result.key for result in accepted), refused)


def _sort_key(result: Result, task: Task) -> tuple[float, float, str]:
    def of(name: str) -> float:
        value = result.cv.get(name, UNKNOWN).value
        return value if math.isfinite(value) else math.inf

    return (-of("roc_auc"), of("brier"), result.key) if task == "attack" else (of("rmse"), of("mae"), result.key)


def meets_bar(result: Result, *, task: Task, one_person: bool = False) -> Decision:
    """Decide whether a model may be promoted: it is trained, no flag bars it, and it is better than the base rate.

    A classifier is better if the whole interval of its ROC-AUC is above 0.5. A regressor is better if its RMSE is below
    that of the training mean; severity is so hard to forecast that a rule on the interval would refuse every model. A
    model of `one_person` must also be clearly better than the other baselines: with the few attacks of one diary, the
    best of several models is often above chance by luck.
    """
    if result.failed is not None:
        return Decision(False, "refused", (f"It was not trained: {result.failed}",))
    reasons = [flag.reason for flag in result.flags if flag.bars]
    better = result.cv.get("roc_auc", UNKNOWN) if task == "attack" else result.lead.get(BASE, UNKNOWN)
    if task == "attack" and not better.ci_low > 0.5:
        reasons.append(f"ROC-AUC {better} is not clearly above 0.5, the value of the base rate.")
    if task == "severity" and not better.value > 0:
        reasons.append(f"RMSE is not below that of the training mean: lead {better}.")
    for name, difference in result.lead.items() if one_person else ():
        if name != BASE and not difference.ci_low > 0:
            metric = "ROC-AUC" if task == "attack" else "RMSE"
            rule = name.replace("_", " ")
            reasons.append(f"{metric} is not clearly better than that of the {rule}: lead {difference}.")
    if reasons:
        return Decision(False, "refused", tuple(dict.fromkeys(reasons)), {"better": better})
    return Decision(True, "accepted", ("Better than the base rate, and no flag bars it.",), {"better": better})


def lead(task: Task, model: Mapping[str, Draws], other: Mapping[str, Draws]) -> Interval:
    """Return the paired lead of `model` over `other` in the headline metric: ROC-AUC, or the negative RMSE."""
    if task == "attack":
        return model["roc_auc"].minus(other["roc_auc"]).interval()
    return other["rmse"].minus(model["rmse"]).interval()
