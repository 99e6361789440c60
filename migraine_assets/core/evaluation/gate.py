"""The promotion gate, which decides on the test rows whether a candidate replaces the champion.

The gate may use the test rows because it does not select a model; it can only keep the current champion. Not here:
ranking the models (`core.evaluation.selection`), promotion records and the champion pointer (`stores.registry`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Interval as Range
from annotated_types import doc
from numpy.typing import ArrayLike, NDArray

from migraine_assets.core.evaluation.selection import Decision, lead
from migraine_assets.core.evaluation.subgroups import MIN_PARTICIPANTS
from migraine_assets.core.metrics.bootstrap import REPLICATES, SEED, Draws, resample
from migraine_assets.core.metrics.interval import UNKNOWN, Interval, Scores
from migraine_assets.core.metrics.metrics import attack_draws, severity_draws
from migraine_assets.core.tasks import Task


@dataclass(frozen=True)
class GateSettings:
    """The limits of the gate."""

    margin: Annotated[
        float,
        Range(ge=0, le=1),
        doc("Loss in ROC-AUC, or in RMSE (in the unit of the target), that has no practical effect."),
    ] = 0.0
    calibration_loss: Annotated[float, doc("Maximum increase in the calibration intercept's distance from 0.")] = 0.1
    subgroup_loss: Annotated[
        float, doc("Maximum loss in a group of participants, in ROC-AUC or as a share of the RMSE.")
    ] = 0.05
    replicates: Annotated[int, Range(ge=1, le=100_000), doc("Replicates of the paired bootstrap.")] = REPLICATES
    seed: Annotated[int, doc("Seed of the bootstrap.")] = SEED


def gate(
    task: Task,
    y: ArrayLike,
    candidate: ArrayLike,
    incumbent: ArrayLike | None,
    participant: ArrayLike,
    *,
    validation: Scores | None = None,
    same_bundle: bool = False,
    groups: Mapping[str, NDArray[np.object_]] | None = None,
    settings: GateSettings | None = None,
) -> Decision:
    """Decide whether the candidate replaces the incumbent, from the predictions of both for the same test rows [n].

    The candidate is accepted if its score is at least as good on these rows, or if the paired interval over
    participants shows a loss of at most `margin`. For attacks, its Brier score and its calibration must not be clearly
    worse. No group of participants (`groups`: labels [n] by dimension) may be clearly worse by more than
    `subgroup_loss`. In doubt, the incumbent stays, because a change has a cost and equal models would be replaced by
    chance.

    `incumbent` is None if there is no champion. A first champion must be clearly better than chance: in `validation`,
    its cross-validated scores, the interval of its ROC-AUC must be above 0.5, or that of its R2 above 0.
    """
    if same_bundle:
        return Decision(False, "unchanged", ("The candidate is already the champion.",))
    if incumbent is None:
        return _first(task, validation or {})
    limits = settings or GateSettings()
    figures = _differences(task, y, candidate, incumbent, participant, limits)
    worse = tuple(_worse_groups(task, y, candidate, incumbent, participant, groups or {}, limits))
    return _decide(task, figures, worse, settings=limits)


def _first(task: Task, validation: Scores) -> Decision:
    name, metric, chance = ("roc_auc", "ROC-AUC", 0.5) if task == "attack" else ("r2", "R2", 0.0)
    score = validation.get(name, UNKNOWN)
    if score.ci_low > chance:
        return Decision(True, "first", ("There is no champion yet.",))
    reason = f"The best model is not clearly better than chance: cross-validated {metric} {score}, chance {chance:g}."
    return Decision(False, "refused", (reason,), {name: score})


def _differences(
    task: Task, y: ArrayLike, new: ArrayLike, old: ArrayLike, participant: ArrayLike, settings: GateSettings
) -> dict[str, Interval]:
    """Return the paired differences, which are positive if the candidate is better."""
    draw = resample(participant, replicates=settings.replicates, seed=settings.seed)
    if task == "severity":
        candidate, incumbent = severity_draws(y, new, draw), severity_draws(y, old, draw)
        return {"rmse": lead(task, candidate, incumbent)}
    candidate, incumbent = (attack_draws(y, p, draw, threshold=0.5) for p in (new, old))
    brier = incumbent["brier"].minus(candidate["brier"]).interval()
    increase = _distance(candidate["calibration_intercept"]).minus(_distance(incumbent["calibration_intercept"]))
    return {"roc_auc": lead(task, candidate, incumbent), "brier": brier, "calibration": increase.negated().interval()}


def _distance(draws: Draws) -> Draws:
    """Return the distance from 0."""
    return Draws(abs(draws.value), np.abs(draws.replicates))


def _worse_groups(
    task: Task,
    y: ArrayLike,
    new: ArrayLike,
    old: ArrayLike,
    participant: ArrayLike,
    groups: Mapping[str, NDArray[np.object_]],
    settings: GateSettings,
) -> Iterator[str]:
    """Yield a sentence for each group of participants in which the candidate is clearly worse, beyond the limit."""
    truth, candidate, incumbent, who = (np.asarray(values) for values in (y, new, old, participant))
    for dimension, labels in groups.items():
        for label in sorted(set(labels.tolist()), key=str):
            mask = labels == label
            if np.unique(who[mask]).size < MIN_PARTICIPANTS:
                continue
            figures = _differences(task, truth[mask], candidate[mask], incumbent[mask], who[mask], settings)
            difference = figures["roc_auc" if task == "attack" else "rmse"]
            limit = settings.subgroup_loss * (1.0 if task == "attack" else _rmse(truth[mask], incumbent[mask]))
            if difference.value < -limit and difference.ci_high < 0:
                yield f"Predictions for {dimension} {label} would become worse: lead {difference}."


def _rmse(y: NDArray[np.float64], prediction: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean((y - prediction) ** 2)))


def _decide(
    task: Task, figures: dict[str, Interval], worse_groups: tuple[str, ...], *, settings: GateSettings
) -> Decision:
    name, metric = ("roc_auc", "ROC-AUC") if task == "attack" else ("rmse", "RMSE")
    difference = figures[name]
    if not np.isfinite(difference.value):
        reason = f"{metric} of candidate and champion cannot be compared on these test rows."
        return Decision(False, "refused", (reason,), figures)
    reasons = []
    if difference.value < 0 and not difference.ci_low >= -settings.margin:
        reasons.append(f"{metric} is not better than that of the champion on the same test rows: lead {difference}.")
    if figures.get("brier", UNKNOWN).ci_high < 0:
        reasons.append(f"The Brier score is clearly worse than that of the champion: lead {figures['brier']}.")
    calibration = figures.get("calibration", UNKNOWN)
    if calibration.value < -settings.calibration_loss and calibration.ci_high < 0:
        reasons.append(f"The calibration is clearly worse than that of the champion: lead {calibration}.")
    reasons.extend(worse_groups)
    if reasons:
        return Decision(False, "refused", tuple(reasons), figures)
    return Decision(
        True, "accepted", (f"{metric} is not worse than that of the champion: lead {difference}.",), figures
    )
