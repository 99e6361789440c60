"""Who becomes champion: the best two by cross-validation, and the gate against the model that holds the place.

Selection looks at cross-validated scores only. The gate looks at the test rows, which is allowed because it
chooses nothing: it can only keep what there is. Not here: records and pointers (`stores`), what a flag is
(`core.flags`).
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.bootstrap import REPLICATES, SEED, Draws, resample
from migraine_assets.core.decision import Decision
from migraine_assets.core.flags import Flag
from migraine_assets.core.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.metrics import attack_draws, severity_draws
from migraine_assets.core.subgroups import LEAST_PARTICIPANTS
from migraine_assets.core.tasks import Task

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


@dataclass(frozen=True)
class GateSettings:
    """`margin`: the loss in ROC-AUC, or in RMSE (the target's unit), that is no loss in practice. `calibration_loss`:
    how much farther from 0 the calibration intercept may come. `subgroup_loss`: of ROC-AUC, or of RMSE as a share, in
    a group of participants.
    """

    margin: float = 0.0
    calibration_loss: float = 0.1
    subgroup_loss: float = 0.05
    replicates: int = REPLICATES
    seed: int = SEED


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


def gate(
    task: Task,
    y: ArrayLike,
    candidate: ArrayLike,
    incumbent: ArrayLike | None,
    participant: ArrayLike,
    *,
    same_bundle: bool = False,
    groups: Mapping[str, NDArray[np.object_]] | None = None,
    settings: GateSettings | None = None,
) -> Decision:
    """Whether the candidate takes the incumbent's place, by both predictions on the same test rows, arrays [n].

    A new champion must not lose to the one it replaces. It is accepted when its score is at least as good on
    these rows, or when the paired interval over participants shows that it loses no more than `margin`; for
    attacks, when its Brier score and its calibration are not clearly worse; and when no group of participants
    (`groups`: labels [n] by dimension) is clearly and badly worse off. In doubt the incumbent stays: a change has
    a cost, and among equals noise would choose. `incumbent` is None where the place is empty.
    """
    if same_bundle:
        return Decision(False, "unchanged", ("The candidate is the bundle that holds the place already.",))
    if incumbent is None:
        return Decision(True, "first", ("No model holds the place yet.",))
    chosen = settings or GateSettings()
    figures = _differences(task, y, candidate, incumbent, participant, chosen)
    worse = tuple(_worse_off(task, y, candidate, incumbent, participant, groups or {}, chosen))
    return _judge(task, figures, worse, settings=chosen)


def _differences(
    task: Task, y: ArrayLike, new: ArrayLike, old: ArrayLike, participant: ArrayLike, settings: GateSettings
) -> dict[str, Interval]:
    """Paired differences, above 0 where the candidate is better."""
    draw = resample(participant, replicates=settings.replicates, seed=settings.seed)
    if task == "severity":
        ours, theirs = severity_draws(y, new, draw), severity_draws(y, old, draw)
        return {"rmse": lead(task, ours, theirs)}
    ours, theirs = (attack_draws(y, p, draw, threshold=0.5) for p in (new, old))
    brier = theirs["brier"].minus(ours["brier"]).interval()
    farther = _distance(ours["calibration_intercept"]).minus(_distance(theirs["calibration_intercept"]))
    return {"roc_auc": lead(task, ours, theirs), "brier": brier, "calibration": farther.negated().interval()}


def _distance(draws: Draws) -> Draws:
    """How far from 0."""
    return Draws(abs(draws.value), np.abs(draws.replicates))


def _worse_off(
    task: Task,
    y: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    participant: ArrayLike,
    groups: Mapping[str, NDArray[np.object_]],
    settings: GateSettings,
) -> Iterator[str]:
    """A sentence for each group of participants that the candidate clearly serves worse, by more than the limit."""
    truth, ours, theirs, who = (np.asarray(values) for values in (y, new, old, participant))
    for dimension, labels in groups.items():
        for label in sorted(set(labels.tolist()), key=str):
            mine = labels == label
            if np.unique(who[mine]).size < LEAST_PARTICIPANTS:
                continue
            found = _differences(task, truth[mine], ours[mine], theirs[mine], who[mine], settings)
            ahead = found["roc_auc" if task == "attack" else "rmse"]
            limit = settings.subgroup_loss * (1.0 if task == "attack" else _rmse(truth[mine], theirs[mine]))
            if ahead.value < -limit and ahead.ci_high < 0:
                yield f"{dimension} {label} would be served badly: lead {ahead}."


def _rmse(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def lead(task: Task, ours: Mapping[str, Draws], theirs: Mapping[str, Draws]) -> Interval:
    """How far ahead we are in the score that ranks the task, paired: ROC-AUC, or RMSE with its sign turned."""
    if task == "attack":
        return ours["roc_auc"].minus(theirs["roc_auc"]).interval()
    return theirs["rmse"].minus(ours["rmse"]).interval()


def _judge(task: Task, figures: dict[str, Interval], worse_off: tuple[str, ...], *, settings: GateSettings) -> Decision:
    name, metric = ("roc_auc", "ROC-AUC") if task == "attack" else ("rmse", "RMSE")
    ahead = figures[name]
    if not np.isfinite(ahead.value):
        reason = f"{metric} of candidate and incumbent cannot be compared on these test rows."
        return Decision(False, "refused", (reason,), figures)
    reasons = []
    if ahead.value < 0 and not ahead.ci_low >= -settings.margin:
        reasons.append(f"{metric} is not better than the incumbent's on the same test rows: lead {ahead}.")
    if figures.get("brier", UNKNOWN).ci_high < 0:
        reasons.append(f"The Brier score is clearly worse than the incumbent's: lead {figures['brier']}.")
    calibration = figures.get("calibration", UNKNOWN)
    if calibration.value < -settings.calibration_loss and calibration.ci_high < 0:
        reasons.append(f"Its calibration is clearly worse than the incumbent's: lead {calibration}.")
    reasons.extend(worse_off)
    if reasons:
        return Decision(False, "refused", tuple(reasons), figures)
    return Decision(True, "accepted", (f"{metric} does not lose to the incumbent's: lead {ahead}.",), figures)
