"""A test of whether the loss of rows or values depends on the outcome.

Such a loss biases every model: if attack days are lost more often, attacks look rarer than they are. Not here: the
limits on losses (`core.quality.losses`).
"""

import math

import numpy as np
from numpy.typing import NDArray

# With fewer rows per participant, the test is not stratified by participant.
_MIN_ROWS_PER_PARTICIPANT = 5.0


def dependence(
    lost: NDArray[np.bool_], attack: NDArray[np.float64], participant: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Test whether attack days are lost more or less often than other days.

    All arrays are [n]; `attack` is 1, 0 or NaN (unknown, left out); `participant` holds codes, -1 for unknown. Returns
    the p-value and the lost shares of attack days and of other days. This is the Cochran-Mantel-Haenszel test with
    participants as strata, so that one participant with many attacks and a broken export does not decide the result.
    With few rows per participant there is a single stratum.
    """
    known = ~np.isnan(attack)
    lost, attacks = lost[known], attack[known] == 1
    if not lost.any() or not attacks.any() or attacks.all():
        return 1.0, _share(lost[attacks]), _share(lost[~attacks])
    _, strata = np.unique(participant[known], return_inverse=True)
    if len(lost) < _MIN_ROWS_PER_PARTICIPANT * (strata.max() + 1):
        strata = np.zeros(len(lost), dtype=np.int64)
    n, a, k, x = (np.bincount(strata, mask) for mask in (np.ones(len(lost)), attacks, lost, attacks & lost))
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = a * k * (n - a) * (n - k) / (n**2 * (n - 1))
    total = float(variance[n > 1].sum())
    if total == 0:
        return 1.0, _share(lost[attacks]), _share(lost[~attacks])
    distance = max(abs(float(x.sum() - (a * k / n).sum())) - 0.5, 0.0)
    return math.erfc(distance / math.sqrt(2 * total)), _share(lost[attacks]), _share(lost[~attacks])


def _share(mask: NDArray[np.bool_]) -> float:
    return float(mask.mean()) if mask.size else 0.0
