"""Several features at once: whether a classifier can tell the window from the rows that the model learned from.

Each feature may lie where it lay while their relations have changed: a domain classifier sees that (Rabanser, Günnemann
& Lipton 2019, NeurIPS). Not here: single features (`drift`), what is done about it.
"""

import numpy as np
from numpy.typing import NDArray

FOLDS = 3
MOST_ROWS = 4000
LEAST_PEOPLE = 20
SEED = 11


def domain_auc(
    reference: NDArray[np.float32],
    current: NDArray[np.float32],
    *,
    reference_participants: NDArray[np.object_],
    participants: NDArray[np.object_],
) -> float | None:
    """The ROC-AUC, out of fold and by participant, of telling `current` float[m, F] from `reference` float[n, F].

    0.5 where they cannot be told apart. Nobody is in two folds, so that people are not told by being recognised. None
    where either has fewer than 20 participants. At most 4,000 rows of each are looked at, drawn from a fixed seed.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold

    if min(np.unique(reference_participants).size, np.unique(participants).size) < LEAST_PEOPLE:
        return None
    random = np.random.default_rng(SEED)
    first, second = _drawn(len(reference), random), _drawn(len(current), random)
    X = np.concatenate([reference[first], current[second]])
    y = np.concatenate([np.zeros(first.size), np.ones(second.size)])
    # The same person before and now is one group: its name, not its side, decides the fold.
    who = np.concatenate([reference_participants[first], participants[second]]).astype(str)
    scores = np.empty(y.size)
    for train, test in GroupKFold(FOLDS, shuffle=True, random_state=SEED).split(X, y, who):
        model = HistGradientBoostingClassifier(max_iter=80, learning_rate=0.15, early_stopping=False, random_state=SEED)
        scores[test] = model.fit(X[train], y[train]).predict_proba(X[test])[:, 1]
    return float(roc_auc_score(y, scores))


def _drawn(rows: int, random: np.random.Generator) -> NDArray[np.intp]:
    return np.sort(random.choice(rows, min(rows, MOST_ROWS), replace=False))
