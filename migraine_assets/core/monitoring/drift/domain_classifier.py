"""A domain classifier that distinguishes a window from the training rows by all features together.

It detects changed relations between features even if each feature keeps its distribution (Rabanser, Günnemann & Lipton
2019, NeurIPS). Not here: single features (`core.monitoring.drift.feature_drift`), the verdict
(`core.monitoring.drift.task_drift`).
"""

import numpy as np
from numpy.typing import NDArray

FOLDS = 3
MOST_ROWS = 4000
LEAST_PARTICIPANTS = 20
SEED = 11


def domain_auc(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    reference_participants: NDArray[np.object_],
    participants: NDArray[np.object_],
) -> float | None:
    """Return the out-of-fold ROC-AUC of distinguishing `current` float32[m, F] from `reference` float32[n, F].

    0.5 means that they cannot be distinguished. Folds are grouped by participant, so the classifier cannot succeed by
    recognizing participants. Returns None if either side has fewer than 20 participants. At most 4,000 rows of each
    side are used, drawn with a fixed seed.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    if min(np.unique(reference_participants).size, np.unique(participants).size) < LEAST_PARTICIPANTS:
        return None
    random = np.random.default_rng(SEED)
    first, second = _drawn(len(reference), random), _drawn(len(current), random)
    X = np.concatenate([reference[first], current[second]])
    y = np.concatenate([np.zeros(first.size), np.ones(second.size)])
    # Groups are by name, so that a participant who is on both sides is in one fold.
    participant = np.concatenate([reference_participants[first], participants[second]]).astype(str)
    scores = np.empty(y.size)
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=SEED).split(X, y, participant):
        model = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.15, early_stopping=False, random_state=SEED)
        scores[test] = model.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return float(roc_auc_score(y, scores))


def _drawn(rows: int, random: np.random.Generator) -> NDArray[np.intp]:
    return np.sort(random.choice(rows, min(rows, MOST_ROWS), replace=False))
