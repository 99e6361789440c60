"""The decision threshold of a classifier, chosen on out-of-fold probabilities.

Not here: metrics at a threshold (`core.metrics.metrics`), curves over all thresholds (`core.metrics.curves`).
"""

import numpy as np
from numpy.typing import ArrayLike

from migraine_assets.core.metrics.curves import cumulative

# The threshold if there is only one class.
DEFAULT_THRESHOLD = 0.5


def choose_threshold(y: ArrayLike, p: ArrayLike) -> float:
    """Return the threshold with the highest F1 score for out-of-fold probabilities `p` [n] and outcomes `y` 0/1 [n].

    Ties go to the highest threshold, which predicts the fewest attacks. The threshold is midway between two
    predictions, so that rounding to single precision in the served model does not move a row across it. Returns 0.5 if
    there is only one class or if a prediction is not finite.
    """
    truth, score = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    if not (np.isfinite(truth).all() and np.isfinite(score).all()) or np.unique(truth).size < 2:
        return DEFAULT_THRESHOLD
    at = cumulative(truth, score)
    f1 = 2 * at.hits / (at.hits + at.alarms + at.hits[-1])
    best = int(np.argmax(f1))
    below = at.score[best + 1] if best + 1 < at.score.size else 0.0
    return float((at.score[best] + below) / 2)
