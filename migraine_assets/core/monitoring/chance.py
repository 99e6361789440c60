"""How far two samples of the same world lie apart by chance, where the rows of one person are alike.

Here belong effective sample sizes and the points that chance exceeds with a given probability. Not here: the
statistics themselves (`distance`, `core.reference_bins`), and what is done about them (`drift`).

Thirty days of one participant are far from thirty independent days. The design effect says how many rows are worth one
independent row: the variance of a share between participants over the variance that independent rows would have
(Kish 1965; for tables of counts Rao & Scott 1981, JASA 76:221). It is estimated from the window itself, so that few
participants make it uncertain: its upper limit is used, and chance is given the longer tails of Student's t.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.float64]
LN2 = math.log(2)
NORMAL = NormalDist()
# Shares that this few rows decide say nothing about how alike the rows of a person are.
LEAST_ROWS = 5.0
# Standard errors above the estimate at which the likeness within a person is taken.
CAUTION = 1.0


@dataclass(frozen=True)
class Worth:
    """How many independent rows a window and its reference are worth, by what `people` participants show."""

    current: float
    reference: float
    people: int

    @property
    def known(self) -> bool:
        """Whether anything can be said."""
        return self.people > 1 and min(self.current, self.reference) >= 1


def likeness(by_person: Counts, *, ordered: bool = True) -> float:
    """How alike the rows of a person are, 0 to 1: the intraclass correlation of being in a bin, at its upper limit.

    `by_person` float64[people, bins], one row for each participant. The most alike of all bins counts and, where they
    are `ordered`, of all shares below an edge.
    """
    sizes = by_person.sum(axis=1)
    some = sizes > 0
    by_person, sizes, people = by_person[some], sizes[some], int(some.sum())
    rows = float(sizes.sum())
    if people < 2 or rows <= people:
        return 1.0
    # Being below the first edge is being in the first bin, and all are below the last.
    inside = np.cumsum(by_person, axis=1)[:, 1:-1] if ordered else by_person[:, :0]
    inside = np.concatenate([by_person, inside], axis=1)
    share = inside.sum(axis=0) / rows
    usable = rows * np.minimum(share, 1 - share) >= LEAST_ROWS
    if not usable.any():
        return 1.0
    # The sum over people of (inside - sizes * share)^2, multiplied out. Not `@`, which wakes a thread for each core.
    squared = float((sizes**2).sum())
    squares = np.einsum("ij,ij->j", inside, inside) - 2 * share * np.einsum("i,ij->j", sizes, inside)
    between = (squares + share**2 * squared) * people / (people - 1)
    days = squared / rows
    effect = float((between[usable] / (rows * share * (1 - share))[usable]).max())
    found = min(1.0, max(0.0, (effect - 1) / (days - 1)))
    error = math.sqrt(2 / (people - 1)) * (1 - found) * (found + 1 / days)
    return min(1.0, found + CAUTION * error)


def worth(by_person: Counts, *, reference_rows: int, reference_people: int, ordered: bool = True) -> Worth:
    """Effective rows of the window, whose counts are given, and of a reference of which only sizes are known.

    The reference is taken to be as alike within a person as the window is.
    """
    sizes = by_person.sum(axis=1)
    rows, people = float(sizes.sum()), int((sizes > 0).sum())
    if not rows:
        return Worth(0.0, 0.0, 0)
    alike = likeness(by_person, ordered=ordered)
    days = float((sizes**2).sum()) / rows
    reference_days = max(1.0, reference_rows / max(1, reference_people))
    return Worth(rows / (1 + (days - 1) * alike), reference_rows / (1 + (reference_days - 1) * alike), people)


def habits(rows: NDArray[np.float64], *, reference_people: int) -> Worth:
    """The same where all rows of a person are one: `rows` float64[people] of the window."""
    some = rows[rows > 0]
    # People with many rows weigh more, so that all are worth fewer.
    people = float(some.sum() ** 2 / (some**2).sum()) if some.size else 0.0
    return Worth(people, float(reference_people), int(some.size))


def psi_point(bins: int, sizes: Worth, *, level: float) -> float:
    """The PSI that chance exceeds with probability `level`: chi2(bins - 1) (1/n + 1/m) (Yurdakul 2018)."""
    if not sizes.known or bins < 2:
        return math.inf
    from scipy.special import chdtri

    spread = 1 / sizes.current + 1 / sizes.reference
    return float(chdtri(bins - 1, level)) * spread * _tail(level, sizes) ** 2


def ks_point(sizes: Worth, *, level: float) -> float:
    """The Kolmogorov-Smirnov distance that chance exceeds with probability `level` (Smirnov's limit)."""
    if not sizes.known:
        return math.inf
    spread = math.sqrt(1 / sizes.current + 1 / sizes.reference)
    return math.sqrt(-math.log(level / 2) / 2) * spread * _tail(level, sizes)


def js_point(bins: int, sizes: Worth, *, level: float) -> float:
    """The Jensen-Shannon distance (base 2) that chance exceeds with probability `level`.

    For close shares the divergence is an eighth of the index of `psi_point`.
    """
    return math.sqrt(psi_point(bins, sizes, level=level) / (8 * LN2))


def share_point(share: float, sizes: Worth, *, level: float) -> float:
    """The difference of two shares around `share` that chance exceeds, in either direction, with `level`."""
    if not sizes.known:
        return math.inf
    # A share of 0 or 1 was seen in so many rows only.
    least = 1 / (2 * min(sizes.current, sizes.reference) + 2)
    kept = min(max(share, least), 1 - least)
    spread = math.sqrt(kept * (1 - kept) * (1 / sizes.current + 1 / sizes.reference))
    return -NORMAL.inv_cdf(level / 2) * spread * _tail(level, sizes)


def _tail(level: float, sizes: Worth) -> float:
    """How much farther Student's t reaches than the normal distribution, with a degree of freedom a participant."""
    # Not scipy.stats: it takes longer to import than all of a window takes to measure.
    from scipy.special import stdtrit

    return float(stdtrit(sizes.people - 1, level / 2)) / NORMAL.inv_cdf(level / 2)
