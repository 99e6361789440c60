"""The promotion gate: whether a candidate replaces the champion, decided on the same test rows.

The gate looks at the test rows. That is allowed because it chooses nothing: it can only keep the current champion.
Not here: ranking candidates (`core.evaluation.selection`), records and pointers (`stores.registry`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval as Range
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.evaluation.selection import Decision, lead
from migraine_assets.core.evaluation.subgroups import LEAST_PARTICIPANTS
from migraine_assets.core.metrics.bootstrap import REPLICATES, SEED, Draws, resample
from migraine_assets.core.metrics.interval import UNKNOWN, Interval
from migraine_assets.core.metrics.metrics import attack_draws, severity_draws
from migraine_assets.core.tasks import Task


@dataclass(frozen=True)
class GateSettings:
    """`margin`: the loss in ROC-AUC, or in RMSE (the target's unit), that is no loss in practice. `calibration_loss`:
    how much farther from 0 the calibration intercept may come. `subgroup_loss`: of ROC-AUC, or of RMSE as a share, in
    a group of participants.
    """

    margin: Annotated[float, Range(ge=0, le=1)] = 0.0
    calibration_loss: float = 0.1
    subgroup_loss: float = 0.05
    replicates: Annotated[int, Range(ge=1, le=100_000)] = REPLICATES
    seed: int = SEED


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
