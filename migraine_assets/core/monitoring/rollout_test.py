"""A sequential test of whether a rollout candidate is worse than the champion, evaluated every day.

Evaluating a fixed-sample p-value every day and stopping at the first significant one inflates the error rate. The
mixture sequential probability ratio test may be evaluated at any time (Robbins 1970; Johari et al. 2017, KDD): if there
is no difference, the probability that the evidence ever reaches 1 / alpha is at most alpha. Its units are participants,
because the days of a participant are correlated. Not here: outcomes (`core.monitoring.outcomes`), acting on the
decision (`defs.monitoring.rollout_guard`).
"""

import math
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from annotated_types import Unit, doc
from numpy.typing import ArrayLike, NDArray

Step = Literal["back", "on", "wait"]


@dataclass(frozen=True)
class RolloutSettings:
    """Settings of the rollout of a better model before it replaces the champion."""

    shadow_days: Annotated[
        int, Unit("days"), doc("Days on which a better model predicts in shadow; 0: no shadow phase.")
    ] = 0
    canary_days: Annotated[int, Unit("days"), doc("Days on which it then serves as a canary.")] = 3
    canary_percent: Annotated[float, Unit("%"), doc("Share of participants that a canary answers.")] = 20.0
    alpha: Annotated[float, Unit("probability"), doc("Probability of withdrawing an equal candidate.")] = 0.05
    effect: Annotated[float, doc("Loss difference (Brier score, severity points) to tune the test for.")] = 0.05
    least_people: Annotated[int, Unit("participants"), doc("With fewer, no decision is made.")] = 20


@dataclass(frozen=True)
class LossDifference:
    """The candidate's loss minus the champion's, its standard error over participants, and their number."""

    difference: float
    error: float
    participants: int

    def evidence(self, effect: float) -> float:
        """Return the likelihood ratio of a difference of about `effect` to no difference; 1 is no evidence."""
        if not self.participants or not math.isfinite(self.error) or self.error <= 0:
            return 1.0
        variance, spread = self.error**2, effect**2
        exponent = spread * self.difference**2 / (2 * variance * (variance + spread))
        return math.sqrt(variance / (variance + spread)) * math.exp(min(exponent, 700.0))


@dataclass(frozen=True)
class RolloutDecision:
    """The next step of a candidate ("back": withdraw, "on": next phase, "wait"), and the reason."""

    step: Step
    reason: str


def paired_difference(candidate: ArrayLike, champion: ArrayLike, participant: ArrayLike) -> LossDifference:
    """Compare the losses [n] of both models on the same days, as in shadow mode."""
    difference = np.asarray(candidate, dtype=np.float64) - np.asarray(champion, dtype=np.float64)
    means = _participant_means(difference, participant)
    return LossDifference(_mean(means), _standard_error(means), means.size)


def arm_difference(
    candidate: ArrayLike,
    candidate_participant: ArrayLike,
    champion: ArrayLike,
    champion_participant: ArrayLike,
) -> LossDifference:
    """Compare the losses of two groups of participants, each answered by one model, as in canary mode."""
    treated = _participant_means(candidate, candidate_participant)
    control = _participant_means(champion, champion_participant)
    error = math.hypot(_standard_error(treated), _standard_error(control))
    return LossDifference(_mean(treated) - _mean(control), error, min(treated.size, control.size))


def decide_rollout(difference: LossDifference, *, days: int, needed: int, settings: RolloutSettings) -> RolloutDecision:
    """Withdraw a candidate that is worse, advance one that is not worse after `needed` days, and otherwise wait."""
    evidence = difference.evidence(settings.effect)
    summary = (
        f"loss {difference.difference:+.4f} compared with the champion over {difference.participants} participants, "
        f"evidence {evidence:.2g}"
    )
    if difference.participants < settings.least_people:
        text = f"Too few participants with outcomes: {difference.participants} of {settings.least_people}."
        return RolloutDecision("wait", text)
    if difference.difference > 0 and evidence >= 1 / settings.alpha:
        return RolloutDecision("back", f"The candidate is worse: {summary} (limit {1 / settings.alpha:g}).")
    if days >= needed:
        return RolloutDecision("on", f"Not worse after {days} days: {summary}.")
    return RolloutDecision("wait", f"Day {days} of {needed}: {summary}.")


def _participant_means(losses: ArrayLike, participant: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(losses, dtype=np.float64)
    _, group = np.unique(np.asarray(participant), return_inverse=True)
    counts = np.bincount(group)
    return np.bincount(group, values) / counts if values.size else np.empty(0)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else 0.0


def _standard_error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.inf
