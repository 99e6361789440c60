"""Critical values: the difference of two samples that chance exceeds with a given probability.

Thirty days of one participant carry less information than thirty independent days. The design effect is the number of
rows that are equivalent to one independent row: the variance of a share between participants, divided by the variance
of independent rows (Kish 1965; for tables of counts Rao & Scott 1981, JASA 76:221). It is estimated from the window
itself, so it is uncertain with few participants. Therefore the upper limit of the estimate is used, and critical values
are widened by the tails of Student's t.

Not here: the statistics (`core.monitoring.drift.distances`, `core.reference_bins`), the verdicts
(`core.monitoring.drift.task_drift`).
"""

import math
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
LN2 = math.log(2)
NORMAL = NormalDist()
# A share that covers fewer rows, or all but fewer, is not used to estimate the intraclass correlation.
LEAST_ROWS = 5.0
# Number of standard errors that are added to the estimate of the intraclass correlation.
CAUTION = 1.0


class EffectiveSampleSize(msgspec.Struct, frozen=True):
    """The numbers of independent rows that are equivalent to a window and to its reference.

    `participants`: number of participants from which they are estimated.
    """

    current: float
    reference: float
    participants: int = msgspec.field(name="people")

    @property
    def known(self) -> bool:
        """Whether critical values can be computed."""
        return self.participants > 1 and min(self.current, self.reference) >= 1


def intraclass_correlation(by_participant: Counts, *, ordered: bool = True) -> float:
    """Return the upper limit of the intraclass correlation of being in a bin, 0 to 1.

    `by_participant` float64[participants, bins] has one row of counts per participant. The result is the largest value
    over all bins and, if bins are `ordered`, over all shares below an edge.
    """
    sizes = by_participant.sum(axis=1)
    some = sizes > 0
    by_participant, sizes, participants = by_participant[some], sizes[some], int(some.sum())
    rows = float(sizes.sum())
    if participants < 2 or rows <= participants:
        return 1.0
    # Without the first edge, below which is the first bin, and the last edge, below which are all rows.
    inside = np.cumsum(by_participant, axis=1)[:, 1:-1] if ordered else by_participant[:, :0]
    inside = np.concatenate([by_participant, inside], axis=1)
    share = inside.sum(axis=0) / rows
    usable = rows * np.minimum(share, 1 - share) >= LEAST_ROWS
    if not usable.any():
        return 1.0
    # The sum over participants of (inside - sizes * share)^2, expanded. `@` would start a thread per core.
    squared = float((sizes**2).sum())
    squares = np.einsum("ij,ij->j", inside, inside) - 2 * share * np.einsum("i,ij->j", sizes, inside)
    between = (squares + share**2 * squared) * participants / (participants - 1)
    days = squared / rows
    effect = float((between[usable] / (rows * share * (1 - share))[usable]).max())
    estimate = min(1.0, max(0.0, (effect - 1) / (days - 1)))
    error = math.sqrt(2 / (participants - 1)) * (1 - estimate) * (estimate + 1 / days)
    return min(1.0, estimate + CAUTION * error)


def effective_sample_size(
    by_participant: Counts, *, reference_rows: int, reference_participants: int, ordered: bool = True
) -> EffectiveSampleSize:
    """Return the effective sample sizes of a window, from its counts, and of a reference, from its size.

    The reference is assumed to have the intraclass correlation of the window.
    """
    sizes = by_participant.sum(axis=1)
    rows, participants = float(sizes.sum()), int((sizes > 0).sum())
    if not rows:
        return EffectiveSampleSize(0.0, 0.0, 0)
    correlation = intraclass_correlation(by_participant, ordered=ordered)
    days = float((sizes**2).sum()) / rows
    reference_days = max(1.0, reference_rows / max(1, reference_participants))
    return EffectiveSampleSize(
        rows / (1 + (days - 1) * correlation),
        reference_rows / (1 + (reference_days - 1) * correlation),
        participants,
    )


def participant_sample_size(rows: NDArray[np.float64], *, reference_participants: int) -> EffectiveSampleSize:
    """Return the effective sample size if each participant counts as one row; `rows` float64[participants]."""
    some = rows[rows > 0]
    # Participants with many rows have more weight, which lowers the effective number.
    current = float(some.sum() ** 2 / (some**2).sum()) if some.size else 0.0
    return EffectiveSampleSize(current, float(reference_participants), int(some.size))


def psi_critical_value(bins: int, sizes: EffectiveSampleSize, *, level: float) -> float:
    """Return the PSI that chance exceeds with probability `level`: chi2(bins - 1) (1/n + 1/m) (Yurdakul 2018)."""
    if not sizes.known or bins < 2:
        return math.inf
    from scipy.special import chdtri

    spread = 1 / sizes.current + 1 / sizes.reference
    return float(chdtri(bins - 1, level)) * spread * _tail(level, sizes) ** 2


def ks_critical_value(sizes: EffectiveSampleSize, *, level: float) -> float:
    """Return the Kolmogorov-Smirnov distance that chance exceeds with probability `level` (Smirnov's limit)."""
    if not sizes.known:
        return math.inf
    spread = math.sqrt(1 / sizes.current + 1 / sizes.reference)
    return math.sqrt(-math.log(level / 2) / 2) * spread * _tail(level, sizes)


def js_critical_value(bins: int, sizes: EffectiveSampleSize, *, level: float) -> float:
    """Return the Jensen-Shannon distance (base 2) that chance exceeds with probability `level`.

    For close distributions the divergence is an eighth of the PSI.
    """
    return math.sqrt(psi_critical_value(bins, sizes, level=level) / (8 * LN2))


def share_critical_value(share: float, sizes: EffectiveSampleSize, *, level: float) -> float:
    """Return the absolute difference of two shares around `share` that chance exceeds with probability `level`."""
    if not sizes.known:
        return math.inf
    # An observed share of 0 or 1 is uncertain too, so keep it away from 0 and 1 by about half a row.
    least = 1 / (2 * min(sizes.current, sizes.reference) + 2)
    bounded = min(max(share, least), 1 - least)
    spread = math.sqrt(bounded * (1 - bounded) * (1 / sizes.current + 1 / sizes.reference))
    return -NORMAL.inv_cdf(level / 2) * spread * _tail(level, sizes)


def _tail(level: float, sizes: EffectiveSampleSize) -> float:
    """Return the ratio of the quantiles of Student's t (participants - 1 degrees of freedom) and the normal."""
    # Importing scipy.stats takes longer than measuring a whole window, so use scipy.special.
    from scipy.special import stdtrit

    return float(stdtrit(sizes.participants - 1, level / 2)) / NORMAL.inv_cdf(level / 2)
