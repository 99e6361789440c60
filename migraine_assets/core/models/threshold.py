"""The decision threshold of a classifier, chosen on out-of-fold probabilities.

Not here: what the threshold does to metrics (`core.metrics.metrics`) or curves (`core.metrics.curves`).
"""

import numpy as np
from numpy.typing import ArrayLike

from migraine_assets.core.metrics.curves import cumulative

# Without attacks, or with nothing else, no threshold is better than another.
NO_CHOICE = 0.5


def choose_threshold(y: ArrayLike, p: ArrayLike) -> float:
    """The decision threshold with the highest F1 on out-of-fold probabilities `p` [n] for `y` 0/1 [n].

    Of equally good ones the highest, which announces least. It lies midway between two predictions, so that
    rounding to single precision in the served model moves no row across it. 0.5 with one class or an unusable
    prediction.
    """
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not (np.isfinite(truth).all() and np.isfinite(score).all()) or np.unique(truth).size < 2:
        return NO_CHOICE
    at = cumulative(truth, score)
    f1 = 2 * at.hits / (at.hits + at.alarms + at.hits[-1])
    best = int(np.argmax(f1))
    below = at.score[best + 1] if best + 1 < at.score.size else 0.0
    return float((at.score[best] + below) / 2)
