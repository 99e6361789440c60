"""A candidate on trial, looked at day after day: whether it is worse, and how long it still has to show that it is not.

Who looks every day and stops at the first good p-value is wrong far more often than he believes. The mixture
sequential probability ratio test may be looked at as often as one likes (Robbins 1970; Johari et al. 2017, KDD): under
no difference the evidence ever reaches 1 / alpha with probability alpha at most. Participants are its units, since
their days are alike. Not here: what came true (`outcomes`), moving the candidate (`defs.monitoring`).
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Step = Literal["back", "on", "wait"]


@dataclass(frozen=True)
class TrialSettings:
    """`shadow_days`, `canary_days`: how long each phase lasts; 0 shadow days: no trial, a better model serves at once.
    `canary_percent`: of people. `alpha`: the probability that a candidate which is not worse is taken back. `effect`:
    the size of differences in loss (Brier score; severity points) that are looked for. `least_people`: below, nothing
    is decided.
    """

    shadow_days: int = 0
    canary_days: int = 3
    canary_percent: float = 20.0
    alpha: float = 0.05
    effect: float = 0.05
    least_people: int = 20


@dataclass(frozen=True)
class Seen:
    """The candidate's loss minus the champion's, its standard error over participants, and how many of these."""

    difference: float
    error: float
    people: int

    def evidence(self, effect: float) -> float:
        """How much likelier the data are under a difference of about `effect` than under none; 1 says nothing."""
        if not self.people or not math.isfinite(self.error) or self.error <= 0:
            return 1.0
        variance, spread = self.error**2, effect**2
        exponent = spread * self.difference**2 / (2 * variance * (variance + spread))
        return math.sqrt(variance / (variance + spread)) * math.exp(min(exponent, 700.0))


@dataclass(frozen=True)
class Verdict:
    """What to do with the candidate, and why."""

    step: Step
    reason: str


def paired(candidate: ArrayLike, champion: ArrayLike, participant: ArrayLike) -> Seen:
    """From losses [n] of both models on the same days (a shadow)."""
    apart = np.asarray(candidate, dtype=np.float64) - np.asarray(champion, dtype=np.float64)
    means = _means(apart, participant)
    return Seen(_mean(means), _error(means), means.size)


def by_arm(candidate: ArrayLike, who: ArrayLike, champion: ArrayLike, others: ArrayLike) -> Seen:
    """From losses of the people who got the candidate, and of those who got the champion (a canary)."""
    ours, theirs = _means(candidate, who), _means(champion, others)
    error = math.hypot(_error(ours), _error(theirs))
    return Seen(_mean(ours) - _mean(theirs), error, min(ours.size, theirs.size))


def judge(seen: Seen, *, days: int, needed: int, settings: TrialSettings) -> Verdict:
    """Back where it is worse, on where `needed` days have not shown that, and otherwise wait."""
    evidence = seen.evidence(settings.effect)
    told = (
        f"loss {seen.difference:+.4f} against the champion's over {seen.people} participants, evidence {evidence:.2g}"
    )
    if seen.people < settings.least_people:
        return Verdict("wait", f"Too few participants with outcomes: {seen.people} of {settings.least_people}.")
    if seen.difference > 0 and evidence >= 1 / settings.alpha:
        return Verdict("back", f"It is worse: {told} (limit {1 / settings.alpha:g}).")
    if days >= needed:
        return Verdict("on", f"Not worse after {days} days: {told}.")
    return Verdict("wait", f"Day {days} of {needed}: {told}.")


def _means(losses: ArrayLike, participant: ArrayLike) -> NDArray[np.float64]:
    """The mean loss of each participant."""
    values = np.asarray(losses, dtype=np.float64)
    _, group = np.unique(np.asarray(participant), return_inverse=True)
    counts = np.bincount(group)
    return np.bincount(group, values) / counts if values.size else np.empty(0)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else 0.0


def _error(values: NDArray[np.float64]) -> float:
    return float(values.std(ddof=1) / math.sqrt(values.size)) if values.size > 1 else math.inf
