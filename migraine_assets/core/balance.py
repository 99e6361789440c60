"""Participants shared out among folds so that each fold has about as many rows and attacks."""

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


def balanced_folds(rows: Integers, attacks: Integers, draw: Integers, *, folds: int) -> NDArray[np.int8]:
    """The fold 0..folds-1 of each participant, int8[G], from their rows and attacks int64[G].

    Largest first, each to the fold that is then least loaded (longest processing time first, Graham 1969),
    where a fold's load is its larger share of rows or attacks. `draw` int64[G], all different, decides between
    equals.
    """
    total_rows, total_attacks = max(1, int(rows.sum())), max(1, int(attacks.sum()))
    order = np.lexsort((draw, -attacks, -rows))
    held_rows, held_attacks = [0] * folds, [0] * folds
    found = np.empty(rows.size, dtype=np.int8)
    numbers = range(folds)
    # Plain integers: a million participants with a row each are a matter of seconds.
    for place, n, a in zip(order.tolist(), rows[order].tolist(), attacks[order].tolist(), strict=True):
        loads = [((held_rows[k] + n) * total_attacks, (held_attacks[k] + a) * total_rows, k) for k in numbers]
        chosen = min((max(r, t), r + t, k) for r, t, k in loads)[2]
        held_rows[chosen] += n
        held_attacks[chosen] += a
        found[place] = chosen
    return found
