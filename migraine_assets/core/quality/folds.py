"""Checks on the split: participants disjoint, test after training, both classes everywhere.

Here belong findings on what `core.evaluation.folds` assigned. They look at the result alone and share no code with
it, so that a fault there is seen here. `part` int8[n] is 1 for training, 2 for testing, 0 for unused; `fold` int8[n]
is the cross-validation fold of a training row and -1 elsewhere.
"""

import datetime

import numpy as np
from numpy.typing import NDArray

from migraine_assets.core.quality.finding import Finding, finding, listed, plural

TRAIN, TEST = 1, 2

Integers = NDArray[np.integer]


def participants_disjoint(participant: Integers, part: Integers, fold: Integers) -> Finding:
    """No participant is in training and in test, nor in two folds (blocking)."""
    train, test = np.unique(participant[part == TRAIN]), np.unique(participant[part == TEST])
    shared = np.intersect1d(train, test)
    pairs = np.unique(np.column_stack([participant, fold])[fold >= 0], axis=0)
    _, folds = np.unique(pairs[:, 0], return_counts=True)
    failures = []
    if shared.size:
        failures.append(f"Both in training and in test: {plural(shared.size, 'participant')}.")
    if (folds > 1).any():
        failures.append(f"In more than one fold: {plural(int((folds > 1).sum()), 'participant')}.")
    if ((fold >= 0) != (part == TRAIN)).any():
        failures.append("The rows with a fold are not the rows for training.")
    good = f"{train.size:,} training and {test.size:,} test participants, none in both, none in two folds."
    return finding("participants_disjoint", failures, good=good, blocking=True)


def forward_in_time(part: Integers, day: Integers, label_day: Integers, *, dated: bool) -> Finding:
    """Every outcome trained on lies before every day tested on (blocking).

    `day` is the day of the features and `label_day` the last day that the outcome looks at, in days since
    1970-01-01.
    """
    train, test = label_day[part == TRAIN], day[part == TEST]
    if not dated or not train.size or not test.size:
        good = "There are no dates, so no order to keep." if not dated else "Training or test is empty."
        return finding("forward_in_time", [], good=good, blocking=True)
    last, first = _date(train.max()), _date(test.min())
    late = int((train >= test.min()).sum())
    failures = [f"{plural(late, 'training outcome')} from {first} on, the first day tested; the last is of {last}."]
    good = f"The last training outcome is of {last}, the first day tested {first}."
    return finding("forward_in_time", failures if late else [], good=good, blocking=True)


def both_classes(attack: NDArray[np.float64], part: Integers, fold: Integers) -> Finding:
    """Test and every fold have days with and without an attack (blocking); `attack` is 0/1, NaN unknown."""
    sets = {"test": part == TEST} | {f"fold {k}": fold == k for k in range(int(fold.max(initial=-1)) + 1)}
    rows = [(name, f"{(attack[mask] == 1).sum():,}", f"{(attack[mask] == 0).sum():,}") for name, mask in sets.items()]
    bad = [name for name, yes, no in rows if "0" in (yes, no)]
    failures = [f"Only one outcome in {listed(bad)}: more participants, or longer diaries, are needed."] if bad else []
    if len(sets) == 1:
        failures.append("There are no folds to cross-validate on.")
    good = f"Test and all {len(sets) - 1} folds have days with and without an attack."
    columns = ("set", "attacks", "no attack")
    return finding("both_classes", failures, good=good, blocking=True, columns=columns, rows=rows)


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=int(day))
